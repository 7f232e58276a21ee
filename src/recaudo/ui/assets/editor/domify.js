/* Markup to nodes, in place of the package of that name (vite.config.js): what a `style` attribute says is set through the
   CSSOM, which a strict content policy allows, instead of being parsed as an attribute, which it does not. The watermark of
   bpmn.io therefore stands exactly as its makers wrote it, under the same policy as every other page. */
const WRAPPED = /^<(path|g|circle|rect|line|polyline|ellipse|text|polygon)[\s>]/;

export default function domify(markup, target = document) {
  const text = markup.trim();
  const holder = target.createElement("template");
  holder.innerHTML = (WRAPPED.test(text) ? `<svg xmlns="http://www.w3.org/2000/svg">${text}</svg>` : text).replace(/(<[a-zA-Z][^<>]*?\s)style=/g, "$1data-css=");
  for (const node of holder.content.querySelectorAll("[data-css]")) {
    node.style.cssText = node.dataset.css;
    node.removeAttribute("data-css");
  }
  const root = WRAPPED.test(text) ? holder.content.firstChild : holder.content;
  const content = root.childNodes.length === 1 ? root.firstChild : root;
  return target.importNode(content, true);
}
