/** A grid of cells, deeper where the value is larger, with the value written in each. */
import * as Plot from "@observablehq/plot";
import type { HeatCell, HeatMap } from "../contract.ts";
import { columnLabels, rowLabels } from "./axis.ts";
import { type Drawing, type Numbers, picture } from "./drawing.ts";
import { cut, widest } from "./text.ts";

const PITCH = 34;

export function heatMap(figure: HeatMap, width: number): Drawing {
  const { rows, columns, cells } = figure;
  const left = Math.min(widest(rows) + 18, width * 0.34);
  const [top, right, bottom] = [figure.column_label ? 44 : 26, 4, 8];
  const column = (width - left - right) / Math.max(columns.length, 1);
  const every = Math.max(1, Math.ceil((widest(columns) + 8) / column));
  const heads = columns.map((label, index) =>
    (columns.length - 1 - index) % every === 0 ? cut(label, column * every - 4) : "",
  );
  const node = Plot.plot({
    width,
    height: top + rows.length * PITCH + bottom,
    marginLeft: left,
    marginRight: right,
    marginTop: top,
    marginBottom: bottom,
    x: { type: "linear", domain: [-0.5, columns.length - 0.5], axis: null },
    y: { type: "linear", domain: [rows.length - 0.5, -0.5], axis: null },
    marks: [
      ...shaded(cells),
      Plot.text(cells, {
        x: "column",
        y: "row",
        text: (cell: HeatCell) => cut(cell.value.text, column - 4),
        className: "heat-value",
      }),
      rowLabels(rows.map((label) => cut(label, left - 16))),
      columnLabels(heads, "top"),
      ...named(figure, left),
    ],
  });
  const targets = cells.map((cell) => ({
    x: left + (cell.column + 0.5) * column,
    y: top + (cell.row + 0.5) * PITCH,
    text: [`${rows[cell.row] ?? ""}, ${columns[cell.column] ?? ""}: ${cell.value.text}`, cell.value.interval_text]
      .filter(Boolean)
      .join("\n"),
  }));
  return picture(node, { targets });
}

/** What rows and columns are. */
function named({ row_label, column_label }: HeatMap, left: number): Plot.Markish[] {
  const className = "axis-name";
  return [
    ...(column_label ? [Plot.text([column_label], { frameAnchor: "top", dy: -32, className })] : []),
    ...(row_label
      ? [Plot.text([row_label], { frameAnchor: "top-left", dx: -left + 4, dy: -12, textAnchor: "start", className })]
      : []),
  ];
}

function shaded(cells: readonly HeatCell[]): Plot.Markish[] {
  const depth = depths(cells);
  const place = {
    x1: (cell: HeatCell) => cell.column - 0.5,
    x2: (cell: HeatCell) => cell.column + 0.5,
    y1: (cell: HeatCell) => cell.row - 0.5,
    y2: (cell: HeatCell) => cell.row + 0.5,
    inset: 1,
    rx: 2,
  };
  return [...new Set(depth)].map((shade) =>
    Plot.rect(
      cells.filter((_, index) => depth[index] === shade),
      { ...place, className: `heat ${shade}` },
    ),
  );
}

/** Eight shades from the least to the largest value; where some are below zero, from zero to the farthest, less in another colour. */
function depths(cells: readonly HeatCell[]): string[] {
  const known = cells.flatMap((cell) => cell.value.value ?? []);
  const isSigned = known.some((value) => value < 0);
  const low = isSigned ? 0 : Math.min(...known);
  const reach = Math.max(...known.map((value) => Math.abs(value - low))) || 1;
  return cells.map(({ value: { value } }) => {
    if (value === null) return "depth-none";
    return `depth-${Math.round((Math.abs(value - low) / reach) * 7)} ${value < 0 ? "below" : "above"}`;
  });
}

export function heatNumbers(figure: HeatMap): Numbers {
  const text = (row: number, column: number) =>
    figure.cells.find((cell) => cell.row === row && cell.column === column)?.value.text ?? "";
  return {
    head: [figure.row_label || figure.title, ...figure.columns],
    rows: figure.rows.map((name, row) => [name, ...figure.columns.map((_, column) => text(row, column))]),
  };
}
