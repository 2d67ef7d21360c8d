/** Words for the vertical marks of a plane: where they find room beside each other, and what to do when they do not. */
import * as Plot from "@observablehq/plot";
import type { Mark } from "../contract.ts";
import { widthOf } from "./text.ts";

export const ROW = 17; // px per row of annotations above the plane
const MOST_ROWS = 4;
const PATIENCE = 3000; // tries before words give way to numbers
const ROWS = [0, 1, 2, 3];
const SIDES = ["start", "end"] as const;

/** Where a vertical mark is named: its words, or its number when they do not fit. */
export interface Flag {
  mark: Mark;
  text: string;
  x: number;
  from: number;
  to: number;
  row: number;
  anchor: "start" | "end";
}

/** Words beside the mark while they find room; else numbers, and the words below the picture. */
export function flagsFor(marks: readonly Mark[], toX: (value: number) => number, left: number, width: number) {
  const sorted = [...marks].sort((a, b) => a.at - b.at);
  const places = sorted.map((mark) => ({ mark, x: toX(mark.at) }));
  const worded = arranged(
    places,
    sorted.map((mark) => mark.text),
    left,
    width,
  );
  if (worded) return { flags: worded, rows: rowsOf(worded), notes: [] };
  const numbers = sorted.map((_, index) => String(index + 1));
  const close = places.map(({ mark, x }, index) => flagFor(mark, numbers[index] ?? "", x, index % MOST_ROWS, "start"));
  const flags = arranged(places, numbers, left, width) ?? close;
  return {
    flags,
    rows: rowsOf(flags),
    notes: sorted.map((mark, index) => ({ mark: numbers[index] ?? "", text: mark.text })),
  };
}

const rowsOf = (flags: readonly Flag[]) => flags.reduce((most, flag) => Math.max(most, flag.row + 1), 0);

/** Gives each mark a row and a side for its words, so that no words lie over others and no line goes through any; null when none is found. */
function arranged(
  places: readonly { mark: Mark; x: number }[],
  texts: readonly string[],
  left: number,
  width: number,
): Flag[] | null {
  const options = places.map(({ mark, x }, index) =>
    ROWS.flatMap((row) => SIDES.map((side) => flagFor(mark, texts[index] ?? "", x, row, side))).filter(
      ({ from, to }) => from >= left - 40 && to <= width && to - from <= width * 0.7,
    ),
  );
  const placed: Flag[] = [];
  let patience = PATIENCE;
  const place = (index: number): boolean => {
    if (index < 0) return true;
    for (const flag of options[index] ?? []) {
      patience -= 1;
      if (patience < 0) return false;
      if (placed.some((other) => collide(flag, other))) continue;
      placed.push(flag);
      if (place(index - 1)) return true;
      placed.pop();
    }
    return false;
  };
  return place(places.length - 1) ? placed.toReversed() : null;
}

function flagFor(mark: Mark, text: string, x: number, row: number, anchor: Flag["anchor"]): Flag {
  const room = widthOf(text) + 16;
  const [from, to] = anchor === "start" ? [x - 6, x + room] : [x - room, x + 8];
  return { mark, text, x, from, to, row, anchor };
}

function collide(one: Flag, other: Flag): boolean {
  const [lower, upper] = one.row < other.row ? [one, other] : [other, one];
  if (lower.row === upper.row) return one.from < other.to && other.from < one.to;
  return lower.from < upper.x && upper.x < lower.to; // the line of the upper one goes down through the words of the lower one
}

export function flagMarks(flag: Flag, top: number): Plot.Markish[] {
  const dy = -(14 + flag.row * ROW);
  const sign =
    flag.text === ""
      ? []
      : [
          Plot.text([flag.mark.at], {
            x: (at: number) => at,
            text: () => flag.text,
            frameAnchor: "top",
            dy,
            dx: flag.anchor === "start" ? 7 : -7,
            textAnchor: flag.anchor,
            className: `words mark-${flag.mark.kind}`,
          }),
        ];
  return [
    Plot.ruleX([flag.mark.at], {
      x: (at: number) => at,
      insetTop: Math.max(dy - 4, -top),
      className: `across mark-${flag.mark.kind}`,
    }),
    Plot.dot([flag.mark.at], {
      x: (at: number) => at,
      frameAnchor: "top",
      dy,
      r: 3.5,
      symbol: SYMBOL[flag.mark.kind],
      className: `flag mark-${flag.mark.kind}`,
    }),
    ...sign,
  ];
}

const SYMBOL: Readonly<Record<Mark["kind"], Plot.SymbolType>> = {
  event: "diamond2",
  model: "triangle2",
  data: "square2",
  threshold: "circle",
  budget: "square2",
  change: "star",
};
