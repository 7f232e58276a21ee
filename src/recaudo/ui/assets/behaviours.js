/* Small behaviours that pages ask for by attribute. One listener per kind of event, on the document, so that what htmx
   swaps in works without being told.

   data-confirm="¿…?"          on a button, link or form: asks first
   data-once                   on a form: its buttons go grey once it is sent (no double payment by a double click)
   data-submit-on-change       on a select or checkbox: sends its form
   data-copy="text" / "#id"    on a button: copies the text, or what the element holds, and says so
   data-key="n" / "g a"        on a link or button: pressed by that key, or two keys in a row, outside of fields
   data-search                 the field that "/" goes to
   data-row-link               on a <tr>: a click anywhere in it follows its first link
   data-check-all="name"       on a checkbox: ticks all boxes of that name in the same form or table
   data-checked-count="name"   shows how many boxes of that name are ticked; data-checked-needs="name" is disabled at none
   data-countdown="ISO"        on <time>: the time left as m:ss; the element gets .is-over at zero
   data-relative               on <time datetime>: "hace 5 min", refreshed each minute; the full date goes to its title
   data-dismiss-after="5"      seconds until the element goes away
   data-value="0..100"         on .bar-fill: its width in percent (style attributes are not allowed in pages)
   data-guard                  on a form: warns before leaving with changes that were not saved
   data-auto-focus             gets the focus when it appears
*/
const language = () => document.documentElement.lang || "es";
const inField = (element) => element.closest?.("input, textarea, select, [contenteditable]");

const WORDS = {
  es: { copied: "Copiado", over: "vencido" },
  en: { copied: "Copied", over: "expired" },
  pt: { copied: "Copiado", over: "expirado" },
};
const word = (name) => (WORDS[language().slice(0, 2)] || WORDS.es)[name];

export function behave() {
  document.addEventListener("click", onClick, true);
  document.addEventListener("submit", onSubmit);
  document.addEventListener("change", onChange);
  document.addEventListener("keydown", onKey);
  document.addEventListener("input", onInput);
  window.addEventListener("beforeunload", onLeave);
  new MutationObserver(onAdded).observe(document.documentElement, { childList: true, subtree: true });
  setInterval(tick, 1000);
  prepare(document);
}

function onAdded(changes) {
  for (const change of changes) {
    for (const node of change.addedNodes) if (node.nodeType === Node.ELEMENT_NODE) prepare(node.parentElement || node);
  }
}

function prepare(root) {
  for (const bar of root.querySelectorAll("[data-value].bar-fill")) {
    bar.style.inlineSize = `${Math.max(0, Math.min(100, Number(bar.dataset.value) || 0))}%`;
  }
  for (const time of root.querySelectorAll("time[data-relative]:not([title])")) showRelative(time);
  for (const box of root.querySelectorAll("[data-dismiss-after]:not([data-dismissing])")) {
    box.dataset.dismissing = "";
    setTimeout(() => box.remove(), Number(box.dataset.dismissAfter) * 1000);
  }
  const focus = root.querySelector("[data-auto-focus]:not([data-focused])");
  if (focus) {
    focus.dataset.focused = "";
    focus.focus();
  }
  countChecked(root);
}

function onClick(event) {
  const asks = event.target.closest("[data-confirm]:not(form)");
  if (asks && !window.confirm(asks.dataset.confirm)) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  const copies = event.target.closest("[data-copy]");
  if (copies) copy(copies);
  const row = event.target.closest("tr[data-row-link]");
  if (row && !event.target.closest("a, button, input, label, select, summary") && !String(getSelection())) {
    const link = row.querySelector("a[href]");
    if (link) event.ctrlKey || event.metaKey ? window.open(link.href, "_blank", "noopener") : link.click();
  }
}

async function copy(button) {
  const from = button.dataset.copy;
  const text = from.startsWith("#") ? document.querySelector(from)?.textContent.trim() || "" : from;
  await navigator.clipboard.writeText(text);
  announce(word("copied"));
}

/* Said aloud by screen readers and shown for a moment: <div class="toast-area" role="status" data-announce></div>. */
function announce(text) {
  const area = document.querySelector("[data-announce]");
  if (!area) return;
  const line = document.createElement("div");
  line.className = "toast-line";
  line.dataset.dismissAfter = "3";
  line.textContent = text;
  area.append(line);
}

function onSubmit(event) {
  const form = event.target;
  if (form.dataset.confirm && !window.confirm(form.dataset.confirm)) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  delete form.dataset.changed;
  if ("once" in form.dataset) {
    // After this turn of the loop: a disabled button would not be sent along.
    setTimeout(() => form.querySelectorAll("button:not([type=button])").forEach((button) => (button.disabled = true)));
  }
}

function onChange(event) {
  const field = event.target;
  if ("submitOnChange" in field.dataset) field.form.requestSubmit();
  if (field.dataset.checkAll) {
    const scope = field.form || field.closest("table") || document;
    for (const box of boxes(scope, field.dataset.checkAll)) box.checked = field.checked;
  }
  if (field.type === "checkbox") countChecked(document);
}

const boxes = (scope, name) => scope.querySelectorAll(`input[type=checkbox][name="${CSS.escape(name)}"]`);
const ticked = (name) => [...boxes(document, name)].filter((box) => box.checked).length;

function countChecked(root) {
  for (const place of root.querySelectorAll("[data-checked-count]")) {
    const count = String(ticked(place.dataset.checkedCount));
    if (place.textContent !== count) place.textContent = count;
  }
  for (const button of root.querySelectorAll("[data-checked-needs]")) button.disabled = !ticked(button.dataset.checkedNeeds);
}

function onInput(event) {
  const form = event.target.form;
  if (form && "guard" in form.dataset) form.dataset.changed = "";
}

function onLeave(event) {
  if (document.querySelector("form[data-guard][data-changed]")) event.preventDefault();
}

let before = "";
let beforeAt = 0;
function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (inField(event.target)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (event.key === "/") {
    const field = document.querySelector("[data-search]");
    if (field) {
      event.preventDefault();
      field.focus();
      field.select();
    }
    return;
  }
  const pair = event.timeStamp - beforeAt < 1200 ? `${before} ${event.key}` : "";
  [before, beforeAt] = [event.key, event.timeStamp];
  const target =
    (pair && document.querySelector(`[data-key="${CSS.escape(pair)}"]`)) ||
    document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (!target) return;
  event.preventDefault();
  target.click();
}

let seconds = 0;
function tick() {
  for (const time of document.querySelectorAll("[data-countdown]")) {
    const left = Math.max(0, Math.round((new Date(time.dataset.countdown) - Date.now()) / 1000));
    time.classList.toggle("is-over", left === 0);
    time.textContent = left ? `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}` : word("over");
  }
  seconds += 1;
  if (seconds % 60 === 0) document.querySelectorAll("time[data-relative]").forEach(showRelative);
}

const STEPS = [
  ["year", 31536000],
  ["month", 2592000],
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
];
function showRelative(time) {
  const at = new Date(time.dateTime);
  const passed = (at - Date.now()) / 1000;
  const [unit, size] = STEPS.find(([, size]) => Math.abs(passed) >= size) || ["minute", 60];
  const words = new Intl.RelativeTimeFormat(language(), { numeric: "auto", style: "short" });
  time.title = at.toLocaleString(language());
  time.textContent = words.format(Math.round(passed / size), unit);
}
