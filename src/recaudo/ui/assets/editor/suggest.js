/* What can be written in the cell that has the focus: values and examples from the dictionary of facts, with their Spanish names.
   Typing narrows the list; arrows and Enter choose; choosing a second value of a condition adds it to the first. */
import { getBusinessObject, is } from "dmn-js-shared/lib/util/ModelUtil";

const fold = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
const TEXTS = /^\s*"[^"]*"(\s*,\s*"[^"]*")*\s*$/;

function columnOf(cell) {
  const rule = cell.$parent;
  const table = rule.$parent;
  const place = (rule.inputEntry || []).indexOf(cell);
  return place >= 0 ? table.input[place] : table.output[(rule.outputEntry || []).indexOf(cell)];
}

export function suggestModule(columns) {
  class Suggestions {
    constructor(eventBus, elementRegistry, modeling) {
      Object.assign(this, { elementRegistry, modeling, options: [], active: -1 });
      this.panel = document.createElement("div");
      this.panel.className = "cell-options";
      this.panel.setAttribute("role", "listbox");
      this.panel.id = "cell-options";
      this.panel.hidden = true;
      document.body.append(this.panel);
      this.panel.addEventListener("mousedown", (event) => {
        event.preventDefault(); // the cell keeps the focus
        const chosen = event.target.closest("[data-place]");
        if (chosen) this.choose(Number(chosen.dataset.place));
      });
      // The cell's own editor takes the focus over: what counts is whether the cell is selected.
      eventBus.on("cellSelection.changed", ({ elementId, selection }) => {
        if (selection.selected === false) this.close(elementId);
        else if (selection.selected && elementId !== this.id) this.open(elementId);
      });
      this.onOutside = (event) => {
        if (this.node && !this.node.contains(event.target) && !this.panel.contains(event.target)) this.close();
      };
      document.addEventListener("focusin", this.onOutside);
      document.addEventListener("pointerdown", this.onOutside);
      eventBus.on(["sheet.scroll", "detach", "diagram.destroy"], () => this.close());
      eventBus.on("diagram.destroy", () => {
        this.panel.remove();
        document.removeEventListener("focusin", this.onOutside);
        document.removeEventListener("pointerdown", this.onOutside);
      });
      this.onInput = () => this.show(this.typed());
      this.onKey = (event) => this.key(event);
    }

    open(id) {
      this.close();
      const element = id && this.elementRegistry.get(id);
      const cell = element && getBusinessObject(element);
      if (!cell || !(is(cell, "dmn:UnaryTests") || is(cell, "dmn:LiteralExpression")) || !cell.$parent || !is(cell.$parent, "dmn:DecisionRule")) return;
      const known = columns[columnOf(cell)?.id];
      this.node = document.querySelector(`td[data-element-id="${CSS.escape(id)}"]`);
      if (!known || !this.node) return;
      Object.assign(this, { id, cell, known });
      this.node.addEventListener("input", this.onInput);
      this.node.addEventListener("keydown", this.onKey, true);
      this.show("");
    }

    close(id) {
      if (id && id !== this.id) return;
      this.node?.removeEventListener("input", this.onInput);
      this.node?.removeEventListener("keydown", this.onKey, true);
      this.node = this.id = null;
      this.panel.hidden = true;
    }

    typed() {
      const editor = this.node?.querySelector("[contenteditable]");
      return (editor?.innerText ?? "").split(",").pop().replace(/"/g, "").trim();
    }

    show(text) {
      if (!this.node) return;
      const wanted = fold(text);
      this.options = this.known.options.filter((one) => !wanted || wanted === "-" || fold(`${one.feel} ${one.label}`).includes(wanted)).slice(0, 60);
      this.active = -1;
      this.panel.replaceChildren(this.head(), ...this.options.map((one, place) => this.line(one, place)));
      this.panel.setAttribute("aria-label", this.known.label);
      const at = this.node.getBoundingClientRect();
      this.panel.hidden = false;
      const below = window.innerHeight - at.bottom > this.panel.offsetHeight + 8;
      this.panel.style.left = `${Math.max(4, Math.min(at.left, window.innerWidth - this.panel.offsetWidth - 8)) + window.scrollX}px`;
      this.panel.style.top = `${(below ? at.bottom + 2 : Math.max(4, at.top - this.panel.offsetHeight - 2)) + window.scrollY}px`;
    }

    head() {
      const node = document.createElement("div");
      node.className = "cell-options-head";
      node.textContent = `${this.known.label}${this.known.hint ? ` · ${this.known.hint}` : ""}`;
      return node;
    }

    line(one, place) {
      const node = document.createElement("div");
      node.className = "cell-option";
      node.dataset.place = place;
      node.setAttribute("role", "option");
      const code = document.createElement("code");
      code.textContent = one.feel;
      node.append(one.label, code);
      return node;
    }

    key(event) {
      if (this.panel.hidden) return;
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step && this.options.length && !event.altKey) {
        this.active = (this.active + step + this.options.length) % this.options.length;
        this.panel.querySelectorAll(".cell-option").forEach((node, place) => {
          node.setAttribute("aria-selected", String(place === this.active));
          if (place === this.active) node.scrollIntoView({ block: "nearest" });
        });
      } else if (event.key === "Enter" && this.active >= 0) {
        this.choose(this.active);
      } else if (event.key === "Escape") {
        this.panel.hidden = true;
      } else return;
      event.preventDefault();
      event.stopPropagation();
    }

    choose(place) {
      const { feel } = this.options[place];
      const before = this.cell.text || "";
      const adds = !this.known.isOutput && this.known.isList && TEXTS.test(before) && TEXTS.test(feel);
      const kept = adds ? before.split(",").map((one) => one.trim()) : [];
      const text = adds ? (kept.includes(feel) ? kept.filter((one) => one !== feel) : [...kept, feel]).join(", ") : feel;
      this.modeling.editCell(this.cell, text || "-");
      this.active = -1;
      this.panel.querySelectorAll(".cell-option").forEach((node) => node.removeAttribute("aria-selected"));
    }
  }
  Suggestions.$inject = ["eventBus", "elementRegistry", "modeling"];
  return { __init__: ["suggestions"], suggestions: ["type", Suggestions] };
}
