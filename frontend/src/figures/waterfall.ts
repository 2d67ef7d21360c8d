/** Where a change of money came from: steps between two totals. */
import * as Plot from "@observablehq/plot";
import type { Step, Waterfall } from "../contract.ts";
import { CORNER_WORDS } from "../words.ts";
import type { Drawing, LegendItem } from "./drawing.ts";
import { drawRows, type RowLook } from "./rows.ts";

export function waterfall(figure: Waterfall, width: number): Drawing {
  const { steps } = figure;
  const span = [0, ...steps.flatMap((step) => [step.start, step.end])];
  return drawRows(
    { axis: figure.axis, rows: rowsOf(figure), span, marks: marks(steps), legend: legendOf(steps) },
    width,
  );
}

export function rowsOf(figure: Waterfall): RowLook[] {
  return figure.steps.map((step) => ({ label: step.label, value: step.value }));
}

function marks(steps: readonly Step[]): Plot.Markish[] {
  const looks = [...new Set(steps.map(lookOf))];
  const at = new Map(steps.map((step, index) => [step, index]));
  const y = (step: Step) => at.get(step) ?? 0;
  const x1 = (step: Step) => (step.total ? 0 : Math.min(step.start, step.end));
  const x2 = (step: Step) => (step.total ? step.end : Math.max(step.start, step.end));
  const moved = steps.filter((step) => !step.total && step.start !== step.end);
  return [
    Plot.ruleX([0], { className: "zero" }),
    Plot.ruleX(steps.slice(0, -1), {
      x: "end",
      y1: (step: Step) => y(step) + 0.3,
      y2: (step: Step) => y(step) + 0.7,
      className: "joint",
    }),
    ...looks.map((look) =>
      Plot.rect(
        steps.filter((step) => lookOf(step) === look),
        {
          x1,
          x2,
          y1: (step: Step) => y(step) - 0.3,
          y2: (step: Step) => y(step) + 0.3,
          rx: 1,
          className: `bar ${look}`,
        },
      ),
    ),
    // The end a step moved to: more or less is told by shape, not by colour.
    Plot.dot(
      moved.filter((step) => step.end > step.start),
      { x: "end", y, r: 3.2, symbol: "triangle", rotate: 90, dx: 5, className: "arrow" },
    ),
    Plot.dot(
      moved.filter((step) => step.end < step.start),
      { x: "end", y, r: 3.2, symbol: "triangle", rotate: -90, dx: -5, className: "arrow" },
    ),
  ];
}

function lookOf(step: Step): string {
  if (step.total) return "look-total";
  if (step.cannot_tell) return "look-cannot-tell";
  return step.corner ? `corner-${step.corner}` : "look-other";
}

function legendOf(steps: readonly Step[]): LegendItem[] {
  const corners = (["business", "data", "model"] as const).filter((corner) =>
    steps.some((step) => lookOf(step) === `corner-${corner}`),
  );
  const items = corners.map(
    (corner): LegendItem => ({ name: CORNER_WORDS[corner], shape: "bar", look: `corner-${corner}` }),
  );
  const merged = steps.some((step) => !step.total && step.cannot_tell);
  return merged ? [...items, { name: "Cannot be told apart", shape: "hatch", look: "look-cannot-tell" }] : items;
}
