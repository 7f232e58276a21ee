/* Everything a page needs but charts: htmx, its server-sent events, Alpine's CSP build, the kit's menus and dialogs,
   and the small behaviours of behaviours.js. Load as a module. Runs under script-src 'self', without eval. */
import "./app.css";
import "./shell.css";
import "./htmx.js";
import "htmx.org/dist/ext/hx-sse.js";
import "@tabler/core/dist/js/tabler.esm.min.js";
import Alpine from "@alpinejs/csp";
import { behave } from "./behaviours.js";
import { openDialogs } from "./dialogs.js";

window.Alpine = Alpine;
document.addEventListener("alpine:init", () => {
  // x-data="toggle" for what opens and closes: `open`, `flip`, `shut`.
  Alpine.data("toggle", () => ({
    open: false,
    flip() {
      this.open = !this.open;
    },
    shut() {
      this.open = false;
    },
  }));
  // x-data="tabs" with @click="choose" on buttons that carry data-tab, and x-show="is('name')".
  Alpine.data("tabs", () => ({
    tab: "",
    init() {
      this.tab = this.$el.dataset.first || "";
    },
    choose() {
      this.tab = this.$event.currentTarget.dataset.tab;
    },
    is(name) {
      return this.tab === name;
    },
  }));
});
behave();
openDialogs();
Alpine.start();
