// Builds src/recaudo/ui/assets into src/recaudo/ui/static/vendor. Names carry no hash: Django's static storage adds it.
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "vite";

const assets = join(import.meta.dirname, "src/recaudo/ui/assets");
const modules = join(import.meta.dirname, "node_modules");

// One SVG with a <symbol> per name of icons.txt; the kit's 51 MB of icons stay out of the product.
function iconSprite() {
  const symbol = (name) => {
    const file = join(modules, "@tabler/icons/icons/outline", `${name}.svg`);
    if (!existsSync(file)) throw new Error(`icons.txt: no existe el icono «${name}»`);
    const drawing = readFileSync(file, "utf8").replace(/<!--[\s\S]*?-->/g, "");
    const shapes = drawing.slice(drawing.indexOf(">", drawing.indexOf("<svg")) + 1, drawing.lastIndexOf("</svg>"));
    const kept = shapes.replace(/<path stroke="none"[^>]*\/>/g, "").replace(/\s+/g, " ").trim();
    return `<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round">${kept}</symbol>`;
  };
  return {
    name: "icon-sprite",
    generateBundle() {
      const lines = readFileSync(join(assets, "icons.txt"), "utf8").split("\n");
      const names = lines.map((line) => line.trim()).filter((line) => line && !line.startsWith("#"));
      const source = `<svg xmlns="http://www.w3.org/2000/svg">${names.map(symbol).join("")}</svg>\n`;
      this.emitFile({ type: "asset", fileName: "icons.svg", source });
    },
  };
}

// What is served carries the licences of its parts.
function licences() {
  const parts = ["@alpinejs/csp", "@fontsource-variable/inter", "@popperjs/core", "@tabler/core", "@tabler/icons"];
  parts.push("echarts", "htmx.org", "zrender", "dmn-js", "dmn-moddle", "inferno", "table-js", "@bpmn-io/feel-editor", "@codemirror/view");
  const text = (part) => {
    const about = JSON.parse(readFileSync(join(modules, part, "package.json"), "utf8"));
    const file = ["LICENSE", "LICENSE.md", "LICENSE.txt"].map((name) => join(modules, part, name)).find(existsSync);
    return `== ${part} ${about.version} (${about.license})\n\n${file ? readFileSync(file, "utf8").trim() : ""}\n`;
  };
  return {
    name: "licences",
    generateBundle() {
      this.emitFile({ type: "asset", fileName: "LICENCES.txt", source: parts.map(text).join("\n\n") });
    },
  };
}

// A strict policy allows no <style> made by a script: the editor's style sheets are adopted by the document instead.
function adoptedStyles() {
  const before = "if (!root.head && root.adoptedStyleSheets && win.CSSStyleSheet)";
  return {
    name: "adopted-styles",
    transform(code, id) {
      if (!/\/style-mod\/src\/style-mod\.js$/.test(id)) return null;
      if (!code.includes(before)) throw new Error("style-mod cambió: revise cómo pone sus estilos");
      return { code: code.replace(before, "if (root.adoptedStyleSheets && win.CSSStyleSheet)"), map: null };
    },
  };
}

// A list with the digest of every file: `doctor` and the tests see whether the build is whole.
function manifest() {
  return {
    name: "manifest",
    enforce: "post",
    generateBundle(_, bundle) {
      const lines = Object.values(bundle).map((item) => {
        const content = item.type === "chunk" ? item.code : item.source;
        return `${createHash("sha256").update(content).digest("hex")}  ${item.fileName}`;
      });
      this.emitFile({ type: "asset", fileName: "MANIFEST.sha256", source: lines.sort().join("\n") + "\n" });
    },
  };
}

export default defineConfig({
  root: assets,
  base: "./",
  publicDir: false,
  plugins: [iconSprite(), adoptedStyles(), licences(), manifest()],
  // See editor/domify.js: `style` attributes of markup through the CSSOM.
  resolve: { alias: [{ find: /^domify$/, replacement: join(assets, "editor/domify.js") }] },
  build: {
    outDir: join(import.meta.dirname, "src/recaudo/ui/static/vendor"),
    emptyOutDir: true,
    // The kit's colours are light-dark() and oklch(from ...): older browsers are out of reach, so nothing is lowered.
    target: ["chrome123", "edge123", "firefox128", "safari17.5"],
    assetsInlineLimit: 0,
    modulePreload: false,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1000,
    rollupOptions: {
      input: ["app", "charts", "editor", "theme"].map((name) => join(assets, `${name}.js`)),
      output: { entryFileNames: "[name].js", chunkFileNames: "[name].js", assetFileNames: "[name][extname]" },
    },
  },
});
