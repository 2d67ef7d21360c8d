/** Distributions of one feature side by side: now as bars, the others as ticks across them. */
import * as Plot from "@observablehq/plot";
import type { Distribution, DistributionBin } from "../contract.ts";
import { columnLabels, domain, placer, rangeOf, yAxis } from "./axis.ts";
import { type Drawing, type LegendItem, type Numbers, picture, type Target } from "./drawing.ts";
import { drawRows, type RowLook } from "./rows.ts";
import { cut, widest } from "./text.ts";

type Role = Distribution["roles"][number];

/** Half the length of a tick: training's is shorter, so that it shows beside the reference's. */
const HALF = { reference: 0.42, training: 0.28, candidate: 0.34 };

interface Share {
  bin: number;
  share: number;
  tone: DistributionBin["tone"];
}

export function distribution(figure: Distribution, width: number): Drawing {
  const isNumeric = figure.bins.some((bin) => bin.low !== null || bin.high !== null);
  return isNumeric ? upright(figure, width) : lying(figure, width);
}

/** Bins along x, for numbers. */
function upright(figure: Distribution, width: number): Drawing {
  const { axis, bins } = figure;
  const range = rangeOf(axis, spanOf(figure));
  const left = widest(axis.ticks.map((tick) => tick.text)) + 16;
  const [top, bottom, right, height] = [26, 42, 12, 260];
  const toY = placer(axis, range, height - bottom, top);
  const column = (width - left - right) / Math.max(bins.length, 1);
  const every = Math.max(1, Math.ceil((widest(bins.map((bin) => bin.label)) + 10) / column));
  const node = Plot.plot({
    width,
    height,
    marginLeft: left,
    marginRight: right,
    marginTop: top,
    marginBottom: bottom,
    x: { type: "linear", domain: [-0.5, bins.length - 0.5], axis: null },
    y: { type: axis.scale, domain: domain(range), axis: null },
    marks: [
      ...yAxis(axis.ticks, axis.label),
      ...figure.series.flatMap((_, series) => columns(sharesOf(figure, series), figure.roles[series] ?? "reference")),
      Plot.ruleY([0], { className: "zero" }),
      columnLabels(
        bins.map((bin, index) => (index % every === 0 ? cut(bin.label, column * every - 6) : "")),
        "bottom",
      ),
    ],
  });
  const at = (bin: DistributionBin, index: number): Target => ({
    x: left + (index + 0.5) * column,
    y: toY(most(bin)),
    text: textOf(figure, bin),
  });
  return picture(node, { targets: bins.map(at), near: "column", legend: legendOf(figure, "level") });
}

function columns(shares: readonly Share[], role: Role): Plot.Markish[] {
  if (role === "main") {
    const place = { x1: (d: Share) => d.bin - 0.36, x2: (d: Share) => d.bin + 0.36, y1: 0, y2: "share", rx: 1 };
    return byTone(shares).map(({ some, className }) => Plot.rect(some, { ...place, className }));
  }
  const half = HALF[role];
  const place = { y: "share", x1: (d: Share) => d.bin - half, x2: (d: Share) => d.bin + half };
  return ["halo", `tick role-${role}`].map((className) => Plot.ruleY(shares, { ...place, className }));
}

/** Bins as rows, for categories: they have names. */
function lying(figure: Distribution, width: number): Drawing {
  const main = Math.max(0, figure.roles.indexOf("main"));
  const rows = figure.bins.map((bin): RowLook => {
    const [text = "", value = null] = [bin.texts[main], bin.shares[main]];
    const others = figure.series.flatMap((name, series) =>
      series === main ? [] : [`${name}: ${bin.texts[series] ?? ""}`],
    );
    return {
      label: bin.label,
      value: { text, value, low: null, high: null, interval_text: "", tone: bin.tone },
      more: others.join("\n"),
    };
  });
  const marks = figure.series.flatMap((_, series) =>
    rowBars(sharesOf(figure, series), figure.roles[series] ?? "reference"),
  );
  const zero = Plot.ruleX([0], { className: "zero" });
  return drawRows(
    { axis: figure.axis, rows, span: spanOf(figure), marks: [...marks, zero], legend: legendOf(figure, "tick") },
    width,
  );
}

function rowBars(shares: readonly Share[], role: Role): Plot.Markish[] {
  if (role === "main") {
    const place = { x1: 0, x2: "share", y1: (d: Share) => d.bin - 0.3, y2: (d: Share) => d.bin + 0.3, rx: 1 };
    return byTone(shares).map(({ some, className }) => Plot.rect(some, { ...place, className }));
  }
  const half = HALF[role];
  const place = { x: "share", y1: (d: Share) => d.bin - half, y2: (d: Share) => d.bin + half };
  return ["halo", `tick role-${role}`].map((className) => Plot.ruleX(shares, { ...place, className }));
}

function sharesOf(figure: Distribution, series: number): Share[] {
  return figure.bins.flatMap((bin, index) => {
    const share = bin.shares[series] ?? null;
    return share === null ? [] : [{ bin: index, share, tone: bin.tone }];
  });
}

function byTone(shares: readonly Share[]): { some: Share[]; className: string }[] {
  const tones = [...new Set(shares.map((share) => share.tone))];
  return tones.map((tone) => ({ some: shares.filter((share) => share.tone === tone), className: `bar tone-${tone}` }));
}

const spanOf = (figure: Distribution) => [0, ...figure.bins.flatMap((bin) => bin.shares)];
const most = (bin: DistributionBin) => Math.max(0, ...bin.shares.map((share) => share ?? 0));

function textOf(figure: Distribution, bin: DistributionBin): string {
  return [bin.label, ...figure.series.map((name, series) => `${name}: ${bin.texts[series] ?? ""}`)].join("\n");
}

function legendOf(figure: Distribution, shape: "level" | "tick"): LegendItem[] {
  return figure.series.map((name, series): LegendItem => {
    const role = figure.roles[series] ?? "reference";
    return role === "main" ? { name, shape: "bar", look: "tone-neutral" } : { name, shape, look: `role-${role}` };
  });
}

export function distributionNumbers(figure: Distribution): Numbers {
  return {
    head: ["Value", ...figure.series],
    rows: figure.bins.map((bin) => [bin.label, ...figure.series.map((_, series) => bin.texts[series] ?? "")]),
  };
}
