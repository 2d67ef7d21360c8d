/** Horizontal bars; the reference is a tick across each. */
import * as Plot from "@observablehq/plot";
import type { Bar, Bars } from "../contract.ts";
import type { Drawing, LegendItem, Numbers } from "./drawing.ts";
import { drawRows, type RowLook } from "./rows.ts";

export function bars(figure: Bars, width: number): Drawing {
  const { bars: all } = figure;
  const compared = all.some((bar) => bar.reference !== null);
  const legend: LegendItem[] = compared
    ? [
        { name: figure.value_name, shape: "bar", look: "tone-neutral" },
        { name: figure.reference_name, shape: "tick", look: "role-reference" },
      ]
    : [];
  return drawRows({ axis: figure.axis, rows: rowsOf(figure), span: spanOf(all), marks: marks(all), legend }, width);
}

function rowsOf(figure: Bars): RowLook[] {
  return figure.bars.map((bar) => ({
    label: bar.label,
    value: bar.value,
    link: bar.link,
    more: bar.reference ? `${figure.reference_name}: ${bar.reference.text}` : "",
  }));
}

function marks(all: readonly Bar[]): Plot.Markish[] {
  const at = new Map(all.map((bar, index) => [bar, index]));
  const y = (bar: Bar) => at.get(bar) ?? 0;
  const compared = all.filter((bar) => typeof bar.reference?.value === "number");
  const tones = [...new Set(all.map((bar) => bar.tone))];
  return [
    ...tones.map((tone) => {
      const some = all.filter((bar) => bar.tone === tone && bar.value.value !== null);
      return Plot.rect(some, {
        x1: 0,
        x2: (bar: Bar) => bar.value.value ?? 0,
        y1: (bar: Bar) => y(bar) - 0.3,
        y2: (bar: Bar) => y(bar) + 0.3,
        rx: 1,
        className: `bar tone-${tone}`,
      });
    }),
    Plot.ruleX([0], { className: "zero" }),
    Plot.ruleY(
      all.filter((bar) => bar.value.low !== null && bar.value.high !== null),
      {
        y,
        x1: (bar: Bar) => bar.value.low ?? 0,
        x2: (bar: Bar) => bar.value.high ?? 0,
        className: "whisker",
      },
    ),
    ...["halo", "tick role-reference"].map((className) =>
      Plot.ruleX(compared, {
        x: (bar: Bar) => bar.reference?.value ?? 0,
        y1: (bar: Bar) => y(bar) - 0.42,
        y2: (bar: Bar) => y(bar) + 0.42,
        className,
      }),
    ),
  ];
}

function spanOf(all: readonly Bar[]): (number | null | undefined)[] {
  return [0, ...all.flatMap((bar) => [bar.value.value, bar.value.low, bar.value.high, bar.reference?.value])];
}

export function barNumbers(figure: Bars): Numbers {
  return {
    head: [figure.axis.label, figure.value_name, "Interval", figure.reference_name],
    rows: figure.bars.map(({ label, value, reference }) => [
      label,
      value.text,
      value.interval_text,
      reference?.text ?? "",
    ]),
  };
}
