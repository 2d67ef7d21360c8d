/** Points on a plane; tone is told by shape as well as by colour. */
import * as Plot from "@observablehq/plot";
import type { Scatter, ScatterPoint, Tone } from "../contract.ts";
import { domain, fitting, placer, rangeOf, xAxis, yAxis } from "./axis.ts";
import { type Drawing, type Numbers, picture } from "./drawing.ts";
import { widest, widthOf } from "./text.ts";

const SYMBOL: Readonly<Record<Tone, Plot.SymbolType>> = {
  neutral: "circle",
  good: "circle",
  watch: "triangle2",
  bad: "square2",
  unknown: "diamond2",
  muted: "circle",
};

export function scatter(figure: Scatter, width: number): Drawing {
  const { points } = figure;
  const x = rangeOf(
    figure.x,
    points.map((point) => point.x),
  );
  const y = rangeOf(
    figure.y,
    points.map((point) => point.y),
  );
  const left = widest(figure.y.ticks.map((tick) => tick.text)) + 16;
  const right = Math.max(16, widthOf(figure.x.ticks.at(-1)?.text ?? "") / 2);
  const [top, bottom, height] = [26, 44, 340];
  const toX = placer(figure.x, x, left, width - right);
  const toY = placer(figure.y, y, height - bottom, top);
  const tones = [...new Set(points.map((point) => point.tone))];
  const node = Plot.plot({
    width,
    height,
    marginLeft: left,
    marginRight: right,
    marginTop: top,
    marginBottom: bottom,
    x: { type: figure.x.scale, domain: domain(x), axis: null },
    y: { type: figure.y.scale, domain: domain(y), axis: null },
    marks: [
      ...yAxis(figure.y.ticks, figure.y.label),
      ...xAxis(fitting(figure.x.ticks, width - left - right), figure.x.label),
      ...tones.map((tone) =>
        Plot.dot(
          points.filter((point) => point.tone === tone),
          { x: "x", y: "y", r: 4, symbol: SYMBOL[tone], className: `point tone-${tone}` },
        ),
      ),
      Plot.text(named(points), { x: "x", y: "y", text: "label", dx: 8, textAnchor: "start", className: "label" }),
    ],
  });
  const targets = points.map((point) => ({
    x: toX(point.x),
    y: toY(point.y),
    text: point.text || point.label,
    link: point.link,
    round: true,
  }));
  return picture(node, { targets });
}

/** Only what stands out is named in the picture. */
function named(points: readonly ScatterPoint[]): ScatterPoint[] {
  return points.filter((point) => point.tone === "bad" || point.tone === "watch").slice(0, 8);
}

export function scatterNumbers(figure: Scatter): Numbers {
  return { head: ["Point", "Values"], rows: figure.points.map((point) => [point.label, point.text]) };
}
