/* htmx, with what a strict policy needs: no eval (hx-on and js: values stay off), requests to our own host only. */
import htmx from "htmx.org";

htmx.config.includeIndicatorCSS = false; // our own style sheet has it
window.htmx = htmx;
export default htmx;
