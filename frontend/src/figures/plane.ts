/** The plane that time series and curves share: bands, lines with intervals, marks across. */
import * as Plot from "@observablehq/plot";
import type { Band, Curve, Line, Mark, Point, TimeSeries } from "../contract.ts";
import { domain, fitting, placer, rangeOf, xAxis, yAxis } from "./axis.ts";
import { type Drawing, type LegendItem, type Numbers, picture, type Target } from "./drawing.ts";
import { flagMarks, flagsFor, ROW } from "./flags.ts";
import { cut, widest, widthOf } from "./text.ts";

export interface PlaneStyle {
  width: number;
  height: number;
  dots: boolean;
}

type Plane = TimeSeries | Curve;

const MOST_BARS = 80;

export function drawPlane(figure: Plane, { width, height, dots }: PlaneStyle): Drawing {
  const x = rangeOf(figure.x, [
    ...pointsOf(figure).map((point) => point.x),
    ...marksOn(figure, "x").map((mark) => mark.at),
  ]);
  const y = rangeOf(figure.y, [
    ...pointsOf(figure).flatMap((point) => [point.y, point.low, point.high]),
    ...marksOn(figure, "y").map((mark) => mark.at),
  ]);
  const left = Math.min(widest(figure.y.ticks.map((tick) => tick.text)) + 16, width / 3);
  const right = Math.max(16, Math.min(60, widthOf(figure.x.ticks.at(-1)?.text ?? "") / 2));
  const toX = placer(figure.x, x, left, width - right);
  const { flags, notes, rows } = flagsFor(marksOn(figure, "x"), toX, left, width);
  const top = 26 + (rows > 0 ? 8 : 0) + rows * ROW;
  const bottom = 44;
  const total = height + top - 26;
  const toY = placer(figure.y, y, total - bottom, top);
  const svg = Plot.plot({
    width,
    height: total,
    marginLeft: left,
    marginRight: right,
    marginTop: top,
    marginBottom: bottom,
    x: { type: figure.x.scale, domain: domain(x), axis: null },
    y: { type: figure.y.scale, domain: domain(y), axis: null },
    marks: [
      ...yAxis(fitting(figure.y.ticks, total * 3), figure.y.label === figure.title ? "" : figure.y.label),
      ...xAxis(
        fitting(figure.x.ticks, width - left - right, figure.kind === "time_series" ? "last" : "first"),
        figure.x.label,
      ),
      ...figure.bands.map(bandArea),
      ...figure.lines.flatMap((line) => lineMarks(line, dots)),
      ...marksOn(figure, "y").flatMap((mark) => levelMarks(mark, width - left - right)),
      ...flags.flatMap((flag) => flagMarks(flag, top)),
    ],
  });
  const handle = handleOf(figure, toX, { top, bottom: total - bottom });
  return picture(svg, {
    near: "column",
    targets: targetsOf(figure, toX, toY),
    legend: legendOf(figure),
    notes,
    ...(handle ? { handle } : {}),
  });
}

function bandArea(band: Band): Plot.Markish {
  return Plot.areaY(band.points, {
    x: "x",
    y1: (point: Point) => point.low ?? Number.NaN,
    y2: (point: Point) => point.high ?? Number.NaN,
    className: "band",
  });
}

function lineMarks(line: Line, dots: boolean): Plot.Markish[] {
  const look = `role-${line.role}`;
  const y = (point: Point) => point.y ?? Number.NaN;
  const dotted = dotsOf(line, dots);
  const chosen = dotted.filter((point) => point.emphasis);
  return [
    ...intervals(line, dots),
    Plot.line(line.points, { x: "x", y, className: `line ${look}` }),
    Plot.dot(dotted, {
      x: "x",
      y,
      r: (point: Point) => (point.emphasis || isAlone(line) ? 5 : 2.5),
      className: `dots ${look}`,
    }),
    Plot.dot(chosen, { x: "x", y, r: 8, className: `ring ${look}` }),
  ];
}

/** Points that are seen as such: those of main lines where all are, the chosen one, and a line that is a single point. */
function dotsOf(line: Line, dots: boolean): Point[] {
  const isMain = line.role === "main" || line.role === "candidate";
  return line.points.filter((point) => point.y !== null && (isAlone(line) || (isMain && (dots || point.emphasis))));
}

const isAlone = (line: Line) => line.points.length === 1;

/** Few intervals stand as bars at their points, many as a shade around the line. */
function intervals(line: Line, dots: boolean): Plot.Markish[] {
  const bounded = line.points.filter((point) => point.y !== null && point.low !== null && point.high !== null);
  if (bounded.length === 0 || line.role === "guide") return [];
  if (dots && line.points.length <= MOST_BARS)
    return [Plot.ruleX(bounded, { x: "x", y1: "low", y2: "high", className: `interval role-${line.role}` })];
  const y1 = (point: Point) => point.low ?? Number.NaN;
  const y2 = (point: Point) => point.high ?? Number.NaN;
  return [Plot.areaY(line.points, { x: "x", y1, y2, className: `spread role-${line.role}` })];
}

function levelMarks(mark: Mark, room: number): Plot.Markish[] {
  return [
    Plot.ruleY([mark.at], { className: `level mark-${mark.kind}` }),
    Plot.text([mark.at], {
      y: (at: number) => at,
      text: () => cut(mark.text, room),
      frameAnchor: "right",
      textAnchor: "end",
      dy: -7,
      className: `words mark-${mark.kind}`,
    }),
  ];
}

function targetsOf(figure: Plane, toX: (value: number) => number, toY: (value: number) => number): Target[] {
  return figure.lines.flatMap((line) =>
    line.points.flatMap((point) =>
      point.y === null || point.text === ""
        ? []
        : [{ x: toX(point.x), y: toY(point.y), text: point.text, link: point.link, round: true }],
    ),
  );
}

function legendOf(figure: Plane): LegendItem[] {
  const lines = figure.lines.map(
    (line): LegendItem => ({ name: line.name, shape: isAlone(line) ? "dot" : "line", look: `role-${line.role}` }),
  );
  const bands = figure.bands.map((band): LegendItem => ({ name: band.name, shape: "area", look: "band" }));
  return lines.length + bands.length > 1 ? [...lines, ...bands] : [];
}

/** The threshold mark of a draggable curve stops at the points of its main line: their words are known. */
function handleOf(figure: Plane, toX: (value: number) => number, { top, bottom }: { top: number; bottom: number }) {
  const mark = figure.marks.find((candidate) => candidate.kind === "threshold" && candidate.axis === "x");
  const main = figure.lines.find((line) => line.role === "main") ?? figure.lines[0];
  if (figure.kind !== "curve" || !figure.draggable || !mark || !main) return undefined;
  const stops = main.points
    .filter((point) => point.y !== null)
    .map((point) => ({ x: toX(point.x), value: point.x, text: point.text }));
  return { name: figure.x.label, stops, at: toX(mark.at), top, bottom };
}

function pointsOf(figure: Plane): Point[] {
  return [...figure.lines.flatMap((line) => line.points), ...figure.bands.flatMap((band) => band.points)];
}

function marksOn(figure: Plane, axis: Mark["axis"]): Mark[] {
  return figure.marks.filter((mark) => mark.axis === axis);
}

export function planeNumbers(figure: Plane): Numbers {
  const points = figure.lines.flatMap((line) =>
    line.points.filter((point) => point.text !== "").map((point) => [line.name, point.text]),
  );
  return { head: ["Line", figure.y.label], rows: [...points, ...figure.marks.map((mark) => ["Mark", mark.text])] };
}
