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

const MOST_NAMES = 8;

interface Name {
  point: ScatterPoint;
  y: number;
  from: number;
  room: number;
  anchor: "start" | "end";
}

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
  const names = named(points, (point) => ({ x: toX(point.x), y: toY(point.y) }), width);
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
      ...(["start", "end"] as const).map((anchor) =>
        Plot.text(
          names.filter((name) => name.anchor === anchor),
          {
            x: (name: Name) => name.point.x,
            y: (name: Name) => name.point.y,
            text: (name: Name) => name.point.label,
            dx: anchor === "start" ? 8 : -8,
            textAnchor: anchor,
            className: "label floating",
          },
        ),
      ),
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

/** Only what stands out is named in the picture, and only where the name is readable. */
function named(
  points: readonly ScatterPoint[],
  place: (point: ScatterPoint) => { x: number; y: number },
  width: number,
): Name[] {
  const names: Name[] = [];
  for (const point of points.filter(({ tone }) => tone === "bad" || tone === "watch")) {
    const { x, y } = place(point);
    const room = widthOf(point.label) + 12;
    const anchor = x + room <= width ? "start" : "end";
    const from = anchor === "start" ? x : x - room;
    const isFree = names.every(
      (other) => Math.abs(other.y - y) > 14 || other.from > from + room || from > other.from + other.room,
    );
    if (isFree && names.length < MOST_NAMES) names.push({ point, y, from, room, anchor });
  }
  return names;
}

export function scatterNumbers(figure: Scatter): Numbers {
  return { head: ["Point", "Values"], rows: figure.points.map((point) => [point.label, point.text]) };
}
