/* Charts from JSON that the server wrote. Load as a module on pages that show one.

     <div class="chart" data-chart="rolls" role="img" aria-label="Pase de mora por mes"></div>
     {{ rolls|json_script:"rolls" }}

   The JSON (numbers only; nothing is computed here):
     type        bar | bar-horizontal | stacked | line | area | pie | funnel | heatmap | sankey
     format      integer (default) | decimal | percent (0.12 is 12 %) | money | days
     currency    ISO code, with format money;  decimals: digits after the comma that the amounts (whole minor units) have
     categories  names along the axis          series: [{name, data, tone?, line?: true, dashed?: true}]
     parts       pie, funnel: [{name, value, tone?}]
     columns, rows, cells                      heatmap: cells are [column, row, value]
     nodes, links                              sankey: [{name}], [{source, target, value}]
     target      a number: a dashed line across, named by target_name
     href        per category, part or cell: clicking goes there
   tone: brand good warn bad info muted accent, or 0..7. */
import { BarChart, FunnelChart, HeatmapChart, LineChart, PieChart, SankeyChart } from "echarts/charts";
import {
  AriaComponent,
  DatasetComponent,
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  TooltipComponent,
  VisualMapComponent,
} from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

use([BarChart, FunnelChart, HeatmapChart, LineChart, PieChart, SankeyChart, CanvasRenderer]);
use([AriaComponent, DatasetComponent, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent, VisualMapComponent]);

const TONES = ["brand", "accent", "info", "warn", "good", "bad", "muted"];
const shown = new Map();

/* The colours of app.css, so that light, dark and print agree with the rest of the page. Read from a probe: a custom
   property holds light-dark(...) as text, only a real colour is resolved. */
function palette() {
  const probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);
  const colour = (name) => {
    probe.style.color = `var(--rc-${name})`;
    const canvas = document.createElement("canvas").getContext("2d");
    canvas.fillStyle = getComputedStyle(probe).color;
    return canvas.fillStyle;
  };
  const names = [...TONES, "text", "text-muted", "line", "surface", "brand-soft"];
  const colours = Object.fromEntries(names.map((name) => [name, colour(name)]));
  probe.remove();
  return colours;
}

function numbers(spec) {
  const language = document.documentElement.lang || "es";
  const options = {
    integer: { maximumFractionDigits: 0 },
    decimal: { maximumFractionDigits: 2 },
    days: { maximumFractionDigits: 1, style: "unit", unit: "day" },
    percent: { style: "percent", maximumFractionDigits: 1 },
    money: { style: "currency", currency: spec.currency || "MXN", currencyDisplay: "narrowSymbol", maximumFractionDigits: 0 },
  }[spec.format || "integer"];
  const size = spec.format === "money" ? 10 ** (spec.decimals ?? 2) : 1;
  const full = new Intl.NumberFormat(language, options);
  const short = new Intl.NumberFormat(language, { ...options, notation: "compact", maximumFractionDigits: 1 });
  const of = (format) => (value) => (value === null || value === undefined || value === "-" ? "–" : format.format(value / size));
  return { full: of(full), short: spec.format === "percent" ? of(full) : of(short) };
}

const toned = (colours, tone, index) => colours[typeof tone === "string" ? tone : TONES[(tone ?? index) % TONES.length]];

const family = () => getComputedStyle(document.body).fontFamily;
const label = (colours) => ({ color: colours["text-muted"], fontFamily: family(), fontSize: 12 });

function base(spec, colours, format) {
  return {
    animationDuration: window.matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 300,
    aria: { enabled: true, label: { enabled: false }, decal: { show: window.matchMedia("(prefers-contrast: more)").matches } },
    backgroundColor: "transparent",
    textStyle: { fontFamily: family(), color: colours.text },
    // richText is painted on the canvas: the html tooltip writes style attributes, which the policy refuses.
    tooltip: {
      renderMode: "richText",
      confine: true,
      backgroundColor: colours.surface,
      borderColor: colours.line,
      textStyle: { color: colours.text, fontSize: 12 },
      valueFormatter: format.full,
    },
    legend: { show: false },
  };
}

function axes(spec, colours, format) {
  const horizontal = spec.type === "bar-horizontal";
  const names = {
    type: "category",
    data: spec.categories,
    inverse: horizontal,
    axisTick: { show: false },
    axisLine: { lineStyle: { color: colours.line } },
    axisLabel: { ...label(colours), hideOverlap: true },
  };
  const values = {
    type: "value",
    axisLabel: { ...label(colours), formatter: format.short },
    splitLine: { lineStyle: { color: colours.line, type: [3, 3] } },
  };
  return { xAxis: horizontal ? values : names, yAxis: horizontal ? names : values };
}

function cartesian(spec, colours, format) {
  const option = { ...base(spec, colours, format), ...axes(spec, colours, format) };
  const many = spec.series.length > 1;
  option.tooltip.trigger = "axis";
  option.legend = { show: many, bottom: 0, icon: "roundRect", itemWidth: 12, itemHeight: 8, textStyle: label(colours) };
  option.grid = { left: 4, right: 12, top: 12, bottom: many ? 30 : 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" };
  option.series = spec.series.map((one, index) => {
    const colour = toned(colours, one.tone, index);
    const isLine = one.line || spec.type === "line" || spec.type === "area";
    return {
      name: one.name,
      type: isLine ? "line" : "bar",
      data: one.data,
      stack: spec.type === "stacked" && !one.line ? "all" : undefined,
      itemStyle: { color: colour, borderRadius: isLine || spec.type === "stacked" ? 0 : 2 },
      lineStyle: isLine ? { color: colour, width: 2, type: one.dashed ? "dashed" : "solid" } : undefined,
      areaStyle: spec.type === "area" ? { color: colour, opacity: 0.15 } : undefined,
      symbol: "circle",
      symbolSize: 5,
      showSymbol: one.data.length < 32,
      barMaxWidth: 36,
      connectNulls: false,
    };
  });
  if (spec.target !== undefined) option.series[0].markLine = targetLine(spec, colours, format);
  return option;
}

function targetLine(spec, colours, format) {
  const name = spec.target_name || "";
  return {
    silent: true,
    symbol: "none",
    lineStyle: { color: colours["text-muted"], type: "dashed" },
    label: { ...label(colours), position: "insideEndTop", formatter: () => `${name} ${format.full(spec.target)}`.trim() },
    data: [spec.type === "bar-horizontal" ? { xAxis: spec.target } : { yAxis: spec.target }],
  };
}

function pie(spec, colours, format) {
  const option = base(spec, colours, format);
  option.series = [
    {
      type: "pie",
      radius: ["42%", "64%"],
      itemStyle: { borderColor: colours.surface, borderWidth: 2 },
      label: {
        color: colours.text,
        fontSize: 12,
        lineHeight: 16,
        overflow: "break",
        formatter: (part) => `${part.name}\n${format.full(part.value)}`,
      },
      labelLine: { lineStyle: { color: colours.line } },
      data: coloured(spec.parts, colours),
    },
  ];
  return option;
}

function funnel(spec, colours, format) {
  const option = base(spec, colours, format);
  option.series = [
    {
      type: "funnel",
      sort: "none",
      left: 8,
      right: 8,
      top: 8,
      bottom: 8,
      gap: 3,
      minSize: "8%",
      label: { position: "inside", color: colours.surface, formatter: (part) => `${part.name}  ${format.full(part.value)}` },
      labelLayout: { hideOverlap: true },
      itemStyle: { borderWidth: 0 },
      data: spec.parts.map((part) => ({ ...part, itemStyle: { color: toned(colours, part.tone ?? "brand", 0) } })),
    },
  ];
  return option;
}

const coloured = (parts, colours) =>
  parts.map((part, index) => ({ ...part, itemStyle: { color: toned(colours, part.tone, index) } }));

function heatmap(spec, colours, format) {
  const option = base(spec, colours, format);
  const names = (data) => ({
    type: "category",
    data,
    splitArea: { show: false },
    axisLine: { show: false },
    axisTick: { show: false },
    axisLabel: label(colours),
  });
  const values = spec.cells.map((cell) => cell[2]).filter((value) => value !== null);
  option.grid = { left: 4, right: 8, top: 8, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" };
  option.xAxis = names(spec.columns);
  option.yAxis = { ...names(spec.rows), inverse: true };
  const ends = { min: Math.min(0, ...values), max: Math.max(...values, 0) };
  option.visualMap = { show: false, ...ends, inRange: { color: [colours["brand-soft"], colours.brand] } };
  option.tooltip.formatter = (at) => `${spec.rows[at.value[1]]} · ${spec.columns[at.value[0]]}\n${format.full(at.value[2])}`;
  const middle = (ends.min + ends.max) / 2;
  option.series = [
    {
      type: "heatmap",
      itemStyle: { borderColor: colours.surface, borderWidth: 2, borderRadius: 3 },
      label: { show: spec.cells.length <= 150, fontSize: 11, formatter: (at) => format.short(at.value[2]) },
      data: spec.cells.map((value) => ({ value, label: { color: value[2] > middle ? colours.surface : colours.text } })),
    },
  ];
  return option;
}

function sankey(spec, colours, format) {
  const option = base(spec, colours, format);
  option.series = [
    {
      type: "sankey",
      left: 4,
      right: 110,
      top: 8,
      bottom: 8,
      nodeGap: 10,
      nodeWidth: 12,
      emphasis: { focus: "adjacency" },
      label: { color: colours.text, fontSize: 12 },
      lineStyle: { color: "source", opacity: 0.25 },
      itemStyle: { borderWidth: 0 },
      data: coloured(spec.nodes, colours),
      links: spec.links,
    },
  ];
  return option;
}

const KINDS = { pie, funnel, heatmap, sankey };

function draw(box) {
  const source = document.getElementById(box.dataset.chart);
  if (!source) return;
  const spec = JSON.parse(source.textContent);
  erase(box);
  const chart = init(box, null, { renderer: "canvas" });
  chart.setOption((KINDS[spec.type] || cartesian)(spec, palette(), numbers(spec)));
  if (spec.href) {
    chart.on("click", (at) => {
      const to = spec.href[at.dataIndex];
      if (to) window.location.assign(to);
    });
  }
  const size = new ResizeObserver(() => chart.resize());
  size.observe(box);
  shown.set(box, { chart, size });
  box.dataset.drawn = "";
}

function erase(box) {
  const was = shown.get(box);
  if (!was) return;
  was.size.disconnect();
  was.chart.dispose();
  shown.delete(box);
}

function drawNew() {
  for (const box of shown.keys()) if (!box.isConnected) erase(box);
  document.querySelectorAll("[data-chart]:not([data-drawn])").forEach(draw);
}

const drawAll = () => document.querySelectorAll("[data-chart]").forEach(draw);

document.addEventListener("recaudo:theme", drawAll);
// One drawing per burst of changes; drawing itself adds nodes, which the second look finds drawn.
let waiting = false;
new MutationObserver(() => {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    drawNew();
  });
}).observe(document.body, { childList: true, subtree: true });
document.fonts.ready.then(drawAll);
drawNew();
