/** Distributions of one feature side by side: now as bars, reference and training as ticks across them. */
import * as Plot from "@observablehq/plot";
import type { Distribution, DistributionBin } from "../contract.ts";
import { domain, fitting, placer, rangeOf, words, yAxis } from "./axis.ts";
import { type Drawing, type LegendItem, type Numbers, picture, type Target } from "./drawing.ts";
import { cut, inTwoLines, widest, widthOf } from "./text.ts";

interface Share {
  bin: number;
  share: number;
  tone: DistributionBin["tone"];
}

export function distribution(figure: Distribution, width: number): Drawing {
  const room = (width - 60) / Math.max(figure.bins.length, 1);
  const isNumeric = figure.bins.some((bin) => bin.low !== null || bin.high !== null);
  return isNumeric ? upright(figure, width, room) : lying(figure, width);
}

/** Bins along x, for numbers. */
function upright(figure: Distribution, width: number, room: number): Drawing {
  const range = rangeOf(figure.axis, [0, ...figure.bins.flatMap((bin) => bin.shares)]);
  const left = widest(figure.axis.ticks.map((tick) => tick.text)) + 16;
  const [top, bottom, right, height] = [26, 42, 12, 260];
  const toY = placer(figure.axis, range, height - bottom, top);
  const column = (width - left - right) / Math.max(figure.bins.length, 1);
  const every = Math.max(1, Math.ceil((widest(figure.bins.map((bin) => bin.label)) + 10) / room));
  const shown = figure.bins.map((bin, index) => (index % every === 0 ? cut(bin.label, room * every - 6) : ""));
  const node = Plot.plot({
    width,
    height,
    marginLeft: left,
    marginRight: right,
    marginTop: top,
    marginBottom: bottom,
    x: { type: "linear", domain: [-0.5, figure.bins.length - 0.5], axis: null },
    y: { type: figure.axis.scale, domain: domain(range), axis: null },
    marks: [
      ...yAxis(figure.axis.ticks, figure.axis.label),
      ...figure.series.flatMap((_, series) => {
        const role = figure.roles[series] ?? "reference";
        const half = role === "training" ? 0.28 : 0.42;
        const shares = sharesOf(figure, series);
        if (role !== "main") {
          return ["halo", `tick role-${role}`].map((className) =>
            Plot.ruleY(shares, {
              y: "share",
              x1: (d: Share) => d.bin - half,
              x2: (d: Share) => d.bin + half,
              className,
            }),
          );
        }
        return tonesOf(shares).map((tone) =>
          Plot.rect(
            shares.filter((d) => d.tone === tone),
            {
              x1: (d: Share) => d.bin - 0.36,
              x2: (d: Share) => d.bin + 0.36,
              y1: 0,
              y2: "share",
              rx: 1,
              className: `bar tone-${tone}`,
            },
          ),
        );
      }),
      Plot.ruleY([0], { className: "zero" }),
      Plot.text(shown, {
        x: (_: string, index: number) => index,
        text: (label: string) => label,
        frameAnchor: "bottom",
        dy: 14,
        className: "label",
      }),
    ],
  });
  const targets = figure.bins.map(
    (bin, index): Target => ({ x: left + (index + 0.5) * column, y: toY(most(bin)), text: textOf(figure, bin) }),
  );
  return picture(node, { targets, near: "column", legend: legendOf(figure, "level") });
}

/** Bins as rows: for categories with names. */
function lying(figure: Distribution, width: number): Drawing {
  const range = rangeOf(figure.axis, [0, ...figure.bins.flatMap((bin) => bin.shares)]);
  const left = Math.min(widest(figure.bins.map((bin) => bin.label)) + 18, width * 0.4);
  const [top, bottom, right, pitch] = [8, 44, Math.max(16, widthOf(figure.axis.ticks.at(-1)?.text ?? "") / 2), 30];
  const height = top + figure.bins.length * pitch + bottom;
  const toX = placer(figure.axis, range, left, width - right);
  const ticks = fitting(figure.axis.ticks, width - left - right);
  const at = ticks.map((tick) => tick.value);
  const node = Plot.plot({
    width,
    height,
    marginLeft: left,
    marginRight: right,
    marginTop: top,
    marginBottom: bottom,
    x: { type: figure.axis.scale, domain: domain(range), axis: null },
    y: { type: "linear", domain: [figure.bins.length - 0.5, -0.5], axis: null },
    marks: [
      Plot.gridX(at, { className: "grid", strokeOpacity: 1 }),
      Plot.axisX(at, {
        tickFormat: words(ticks),
        label: figure.axis.label,
        labelAnchor: "center",
        labelArrow: "none",
        tickSize: 0,
        tickPadding: 8,
        className: "axis",
      }),
      ...figure.series.flatMap((_, series) => {
        const role = figure.roles[series] ?? "reference";
        const half = role === "training" ? 0.26 : 0.4;
        const shares = sharesOf(figure, series);
        if (role !== "main") {
          return ["halo", `tick role-${role}`].map((className) =>
            Plot.ruleX(shares, {
              x: "share",
              y1: (d: Share) => d.bin - half,
              y2: (d: Share) => d.bin + half,
              className,
            }),
          );
        }
        return tonesOf(shares).map((tone) =>
          Plot.rect(
            shares.filter((d) => d.tone === tone),
            {
              x1: 0,
              x2: "share",
              y1: (d: Share) => d.bin - 0.3,
              y2: (d: Share) => d.bin + 0.3,
              rx: 1,
              className: `bar tone-${tone}`,
            },
          ),
        );
      }),
      Plot.ruleX([0], { className: "zero" }),
      Plot.text(figure.bins, {
        y: (_: DistributionBin, index: number) => index,
        text: (bin: DistributionBin) => inTwoLines(bin.label, left - 18),
        frameAnchor: "left",
        textAnchor: "end",
        dx: -10,
        className: "label",
      }),
    ],
  });
  const targets = figure.bins.map(
    (bin, index): Target => ({ x: toX(most(bin)), y: top + (index + 0.5) * pitch, text: textOf(figure, bin) }),
  );
  return picture(node, { targets, near: "row", legend: legendOf(figure, "tick") });
}

function sharesOf(figure: Distribution, series: number): Share[] {
  return figure.bins.flatMap((bin, index) => {
    const share = bin.shares[series] ?? null;
    return share === null ? [] : [{ bin: index, share, tone: bin.tone }];
  });
}

const tonesOf = (shares: readonly Share[]) => [...new Set(shares.map((share) => share.tone))];
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
