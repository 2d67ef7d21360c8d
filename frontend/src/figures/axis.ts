/** Scales and axes whose ticks arrive already written; nothing here turns a number into text. */
import * as Plot from "@observablehq/plot";
import type { Axis, Tick } from "../contract.ts";
import { widest } from "./text.ts";

export interface Range {
  low: number;
  high: number;
}

/** What the axis says it spans, widened to every value drawn and tick written. */
export function rangeOf(axis: Axis, values: readonly (number | null | undefined)[]): Range {
  const seen = [...values, ...axis.ticks.map((tick) => tick.value)].filter(isDrawable(axis));
  const low = Math.min(axis.low ?? Number.POSITIVE_INFINITY, ...seen);
  const high = Math.max(axis.high ?? Number.NEGATIVE_INFINITY, ...seen);
  if (!Number.isFinite(low) || !Number.isFinite(high))
    return axis.scale === "log" ? { low: 1, high: 10 } : { low: 0, high: 1 };
  return low < high ? { low, high } : { low: low - 0.5, high: high + 0.5 };
}

/** A log scale has no place for zero. */
function isDrawable(axis: Axis): (value: number | null | undefined) => value is number {
  return (value): value is number =>
    typeof value === "number" && Number.isFinite(value) && (axis.scale !== "log" || value > 0);
}

/** From value to px between `start` and `end`. */
export function placer(axis: Axis, range: Range, start: number, end: number): (value: number) => number {
  const measure = axis.scale === "log" ? Math.log : (value: number) => value;
  const [low, high] = [measure(range.low), measure(range.high)];
  return (value) => start + ((measure(value) - low) / (high - low || 1)) * (end - start);
}

/** As many ticks as fit without touching. Periods keep the latest, amounts the first, which is often zero. */
export function fitting(ticks: readonly Tick[], room: number, keep: "first" | "last" = "first"): readonly Tick[] {
  const needed = widest(ticks.map((tick) => tick.text)) + 16;
  const every = Math.max(1, Math.ceil(((ticks.length - 1) * needed) / Math.max(room, 1)));
  return ticks.filter((_, index) => (keep === "first" ? index : ticks.length - 1 - index) % every === 0);
}

/** The words of a tick, looked up by its value. */
export function words(ticks: readonly Tick[]): (value: number) => string {
  const texts = new Map(ticks.map((tick) => [tick.value, tick.text]));
  return (value) => texts.get(value) ?? "";
}

export function xAxis(ticks: readonly Tick[], label: string): Plot.Markish[] {
  const values = ticks.map((tick) => tick.value);
  return [
    Plot.axisX(values, {
      tickFormat: words(ticks),
      label,
      labelAnchor: "center",
      labelArrow: "none",
      tickSize: 4,
      tickPadding: 4,
      className: "axis",
    }),
  ];
}

export function yAxis(ticks: readonly Tick[], label: string): Plot.Markish[] {
  const values = ticks.map((tick) => tick.value);
  return [
    Plot.gridY(values, { className: "grid", strokeOpacity: 1 }),
    Plot.axisY(values, {
      tickFormat: words(ticks),
      label,
      labelAnchor: "top",
      labelArrow: "none",
      tickSize: 0,
      tickPadding: 8,
      className: "axis",
    }),
  ];
}

/** Amounts along x, with lines up through the rows. */
export function amountAxis(ticks: readonly Tick[], label: string): Plot.Markish[] {
  const values = ticks.map((tick) => tick.value);
  return [
    Plot.gridX(values, { className: "grid", strokeOpacity: 1 }),
    Plot.axisX(values, {
      tickFormat: words(ticks),
      label,
      labelAnchor: "center",
      labelArrow: "none",
      tickSize: 0,
      tickPadding: 8,
      className: "axis",
    }),
  ];
}

/** Names of rows, left of the frame; the row is the index. */
export function rowLabels(names: readonly string[]): Plot.Markish {
  return Plot.text(names, {
    y: (_: string, index: number) => index,
    text: (name: string) => name,
    frameAnchor: "left",
    textAnchor: "end",
    dx: -10,
    className: "label",
  });
}

/** Names of columns, above or below the frame; the column is the index. */
export function columnLabels(names: readonly string[], side: "top" | "bottom"): Plot.Markish {
  return Plot.text(names, {
    x: (_: string, index: number) => index,
    text: (name: string) => name,
    frameAnchor: side,
    dy: side === "top" ? -12 : 14,
    className: "label",
  });
}

export function domain(range: Range): [number, number] {
  return [range.low, range.high];
}
