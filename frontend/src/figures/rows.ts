/** The frame that bars, waterfall and range plot share: a named row each, its value written at the right. */
import * as Plot from "@observablehq/plot";
import type { Axis, Link, Value } from "../contract.ts";
import { amountAxis, domain, fitting, placer, rangeOf, rowLabels } from "./axis.ts";
import { type Drawing, type LegendItem, type Numbers, picture } from "./drawing.ts";
import { inTwoLines, widest } from "./text.ts";

export interface RowLook {
  label: string;
  value: Value;
  link?: Link | null;
  /** Further words for the pointer. */
  more?: string;
}

export interface RowFrame {
  axis: Axis;
  rows: readonly RowLook[];
  /** Every value that must be inside the scale. */
  span: readonly (number | null | undefined)[];
  marks: readonly Plot.Markish[];
  legend?: readonly LegendItem[];
}

const TOP = 8;
const BOTTOM = 46;

export function drawRows(frame: RowFrame, width: number): Drawing {
  const { axis, rows } = frame;
  const values = rows.map((row) => row.value.text);
  const right = Math.min(widest(values) + 20, width * 0.34);
  const left = Math.min(widest(rows.map((row) => row.label)) + 18, Math.max(width * 0.36, 120));
  const labels = rows.map((row) => inTwoLines(row.label, left - 18));
  const pitch = labels.some((label) => label.includes("\n")) ? 38 : 30;
  const height = TOP + rows.length * pitch + BOTTOM;
  const range = rangeOf(axis, frame.span);
  const toX = placer(axis, range, left, width - right);
  const svg = Plot.plot({
    width,
    height,
    marginLeft: left,
    marginRight: right,
    marginTop: TOP,
    marginBottom: BOTTOM,
    x: { type: axis.scale, domain: domain(range), axis: null },
    y: { type: "linear", domain: [rows.length - 0.5, -0.5], axis: null },
    marks: [
      ...amountAxis(fitting(axis.ticks, width - left - right), axis.label),
      ...frame.marks,
      rowLabels(labels),
      Plot.text(rows, {
        y: (_: RowLook, index: number) => index,
        text: (row: RowLook) => row.value.text,
        frameAnchor: "right",
        textAnchor: "end",
        dx: right - 2,
        className: "value",
      }),
    ],
  });
  const at = (row: RowLook) => (row.link ? width / 2 : row.value.value === null ? left : toX(row.value.value)); // a link is as wide as its row
  const targets = rows.map((row, index) => ({
    x: at(row),
    y: TOP + (index + 0.5) * pitch,
    text: [`${row.label}: ${row.value.text}`, row.value.interval_text, row.more ?? ""].filter(Boolean).join("\n"),
    link: row.link,
    width,
    height: pitch,
  }));
  return picture(svg, { targets, near: "row", legend: frame.legend ?? [] });
}

export function rowNumbers(what: string, rows: readonly RowLook[]): Numbers {
  return {
    head: [what, "Value", "Interval"],
    rows: rows.map((row) => [row.label, row.value.text, row.value.interval_text]),
  };
}
