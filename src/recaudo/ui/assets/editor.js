/* The editor of decision tables: dmn-js, in Spanish, with the words of the dictionary of facts. Load as a module, on its page only.

     <div id="tables"></div> with {{ editor|json_script:"editor" }}:
       xml, check, save    addresses;  base: hash of what is edited;  table: the one to open
       columns             column id -> {label, hint, isOutput, isList, options: [{feel, label}]}
       mayEdit             else the tables are only shown
   Each change is checked by the server after a pause; what it finds stands beside the table and on the cells. */
import "dmn-js/dist/assets/dmn-js-shared.css";
import "dmn-js/dist/assets/dmn-js-decision-table.css";
import "dmn-js/dist/assets/dmn-js-decision-table-controls.css";
import "dmn-js/dist/assets/dmn-js-literal-expression.css";
import "dmn-js/dist/assets/dmn-font/css/dmn.css";
import "./editor/editor.css";
import TableEditor from "dmn-js-decision-table/lib/Editor";
import TableViewer from "dmn-js-decision-table/lib/Viewer";
import LiteralEditor from "dmn-js-literal-expression/lib/Editor";
import LiteralViewer from "dmn-js-literal-expression/lib/Viewer";
import EditingManager from "dmn-js-shared/lib/base/EditingManager";
import Manager from "dmn-js-shared/lib/base/Manager";
import { is } from "dmn-js-shared/lib/util/ModelUtil";
import { suggestModule } from "./editor/suggest.js";
import { nameParts, translateModule, untranslated } from "./editor/translate.js";

const CHECK_AFTER_MS = 600;
const setup = JSON.parse(document.getElementById("editor").textContent);
const byId = (id) => document.getElementById(id);

const opens = (type) => (element) => is(element, "dmn:Decision") && is(element.decisionLogic, type);
const views = (table, literal) => [
  { id: "decisionTable", constructor: table, opens: opens("dmn:DecisionTable") },
  { id: "literalExpression", constructor: literal, opens: opens("dmn:LiteralExpression") },
];
class Editing extends EditingManager {
  _getViewProviders() {
    return views(TableEditor, LiteralEditor);
  }
}
class Reading extends Manager {
  _getViewProviders() {
    return views(TableViewer, LiteralViewer);
  }
}

const modules = setup.mayEdit ? [translateModule, suggestModule(setup.columns)] : [translateModule];
const manager = new (setup.mayEdit ? Editing : Reading)({
  container: "#tables",
  decisionTable: { additionalModules: modules },
  literalExpression: { additionalModules: [translateModule] },
});
let dirty = false;
let waiting = 0;
let round = 0;
let found = { findings: [], mended: [] };

function say(text, tone = "") {
  const line = byId("editor-said");
  line.textContent = text;
  line.className = tone ? `chip chip-${tone}` : "muted";
}

async function show(name) {
  const view = manager.getViews().find((one) => one.element.name === name) ?? manager.getViews()[0];
  if (!view) return;
  await manager.open(view);
  if (!setup.mayEdit) nameParts(byId("tables"), document.querySelector(`[data-open-table="${CSS.escape(view.element.name)}"]`)?.textContent);
  document.querySelectorAll("[data-open-table]").forEach((node) => {
    if (node.dataset.openTable === view.element.name) node.setAttribute("aria-current", "true");
    else node.removeAttribute("aria-current");
  });
  watch();
  mark();
}

const watched = new WeakSet();
function watch() {
  const viewer = manager.getActiveViewer();
  if (!setup.mayEdit || watched.has(viewer)) return;
  watched.add(viewer);
  viewer.on("elements.changed", () => {
    dirty = true;
    say("Sin guardar", "warn");
    byId("editor-save").disabled = false;
    clearTimeout(waiting);
    waiting = setTimeout(check, CHECK_AFTER_MS);
  });
}

async function send(address, fields) {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
  try {
    const answer = await fetch(address, { method: "POST", body, headers: { "X-CSRFToken": token, Accept: "application/json" } });
    return { isOk: answer.ok, told: await answer.json() };
  } catch {
    // No network, or a page instead of an answer: the session ended.
    return { isOk: false, told: { detail: "El servidor no contestó: puede ser la red, o que su sesión terminó. Entre de nuevo en otra pestaña y repita aquí." } };
  }
}

async function check() {
  const mine = ++round;
  const { xml } = await manager.saveXML({ format: true });
  const { isOk, told } = await send(setup.check, { xml });
  if (mine !== round) return; // a newer one is on its way
  found = isOk ? told : { findings: [{ severity: "error", message: told.detail, remedy: "" }], mended: [] };
  mend();
  list();
  mark();
}

/* What was typed as people type it («Tarjeta, Factura», «30 o más»), in the language of the table. */
function mend() {
  const viewer = manager.getActiveViewer();
  const registry = viewer.get("elementRegistry");
  const focused = document.activeElement?.closest?.("td")?.dataset.elementId;
  for (const one of found.mended) {
    const element = registry.get(one.cell);
    if (element && one.cell !== focused && element.businessObject.text === one.typed) viewer.get("modeling").editCell(element.businessObject, one.feel);
  }
}

function list() {
  const errors = found.findings.filter((one) => one.severity === "error").length;
  byId("editor-count").textContent = found.findings.length ? `${errors} por corregir, ${found.findings.length - errors} avisos` : "Todo se entiende";
  byId("editor-findings").replaceChildren(
    ...found.findings.slice(0, 60).map((one) => {
      const line = document.createElement("li");
      const dot = document.createElement("span");
      dot.className = `dot dot-${one.severity === "error" ? "bad" : "warn"}`;
      const place = document.createElement(one.decision ? "button" : "span");
      if (one.decision) {
        place.type = "button";
        place.className = "btn btn-link p-0 align-baseline";
        place.textContent = `${one.table}${one.row ? `, fila ${one.row}` : ""}`;
        place.addEventListener("click", () => show(one.decision).then(() => reveal(one)));
      }
      const remedy = document.createElement("span");
      remedy.className = "muted";
      remedy.textContent = ` ${one.remedy}`;
      line.append(dot, place, one.decision ? ": " : "", one.message, remedy);
      return line;
    }),
  );
}

const cellNode = (id) => (id ? document.querySelector(`#tables [data-element-id="${CSS.escape(id)}"]`) : null);

function reveal(one) {
  const node = cellNode(one.cell) ?? document.querySelector(`#tables [data-row-id="${CSS.escape(one.rule || "")}"]`);
  node?.scrollIntoView({ block: "center", inline: "center" });
}

/* Inferno writes the classes of a cell anew when it renders: marks are put on again after each check and change of table. */
function mark() {
  document.querySelectorAll("#tables .is-wrong").forEach((node) => node.classList.remove("is-wrong"));
  for (const one of found.findings) if (one.severity === "error") cellNode(one.cell)?.classList.add("is-wrong");
}

async function save() {
  byId("editor-save").disabled = true;
  say("Guardando…");
  const { xml } = await manager.saveXML({ format: true });
  dirty = false; // what is changed while it is sent makes it true again
  const { isOk, told } = await send(setup.save, { xml, base: setup.base });
  if (!isOk) {
    dirty = true;
    say("No se guardó", "bad");
    byId("editor-save").disabled = false;
    found = { findings: [{ severity: "error", message: told.detail, remedy: "" }], mended: [] };
    list();
    return;
  }
  setup.base = told.sha256;
  if (!dirty) say(told.said, "ok");
}

document.querySelectorAll("[data-open-table]").forEach((node) => node.addEventListener("click", () => show(node.dataset.openTable)));
if (setup.mayEdit) {
  byId("editor-save").addEventListener("click", save);
  window.addEventListener("beforeunload", (event) => {
    if (dirty) event.preventDefault();
  });
}
window.recaudoEditor = { manager, untranslated, check };

const answer = await fetch(setup.xml);
await manager.importXML(await answer.text(), { open: false });
await show(setup.table);
byId("editor-loading")?.remove();
if (setup.mayEdit) await check();
document.documentElement.dataset.editor = "ready";
