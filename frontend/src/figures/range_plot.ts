/** Points with their intervals around a guide, one row each. */
import * as Plot from "@observablehq/plot";
import type { RangePlot, RangeRow } from "../contract.ts";
import type { Drawing } from "./drawing.ts";
import { drawRows, type RowLook } from "./rows.ts";

export function rangePlot(figure: RangePlot, width: number): Drawing {
  const span = [figure.guide, ...figure.rows.flatMap((row) => [row.value.value, low(row), high(row)])];
  return drawRows({ axis: figure.axis, rows: rowsOf(figure), span, marks: marks(figure) }, width);
}

export function rowsOf(figure: RangePlot): RowLook[] {
  return figure.rows.map((row) => ({ label: row.label, value: row.value, link: row.link }));
}

function marks({ rows, guide }: RangePlot): Plot.Markish[] {
  const at = new Map(rows.map((row, index) => [row, index]));
  const y = (row: RangeRow) => at.get(row) ?? 0;
  const known = rows.filter((row) => row.value.value !== null);
  const tones = [...new Set(known.map((row) => row.value.tone))];
  return [
    ...(guide === null ? [] : [Plot.ruleX([guide], { className: "guide" })]),
    Plot.ruleY(
      rows.filter((row) => low(row) !== null && high(row) !== null),
      {
        y,
        x1: (row: RangeRow) => low(row) ?? 0,
        x2: (row: RangeRow) => high(row) ?? 0,
        className: "whisker wide",
      },
    ),
    ...tones.map((tone) =>
      Plot.dot(
        known.filter((row) => row.value.tone === tone),
        {
          x: (row: RangeRow) => row.value.value ?? 0,
          y,
          r: 5,
          symbol: tone === "bad" ? "square2" : tone === "watch" ? "triangle2" : "circle",
          className: `point tone-${tone}`,
        },
      ),
    ),
  ];
}

const low = (row: RangeRow): number | null => row.low ?? row.value.low;
const high = (row: RangeRow): number | null => row.high ?? row.value.high;
