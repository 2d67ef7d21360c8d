import { describe, expect, test } from "vitest";
import type { Figure } from "../src/contract.ts";
import { draw, numbers } from "../src/figures/draw.ts";
import { cut, inTwoLines, widthOf } from "../src/figures/text.ts";
import { a, allFigures, HOSTILE, wordsOf } from "./sample.ts";

const KINDS = [
  "time_series",
  "bars",
  "waterfall",
  "curve",
  "heat_map",
  "distribution",
  "range_plot",
  "scatter",
  "lineage_graph",
  "triangle",
  "verdict_strip",
];
const drawn = (figure: Figure, width = 700) => draw(figure, width);
const said = (figure: Figure) => wordsOf(drawn(figure).node);

test("the sample has a figure of every kind", () => {
  expect([...new Set(allFigures().map((figure) => figure.kind))].sort()).toEqual([...KINDS].sort());
});

describe.each([320, 700, 1440])("at %i px", (width) => {
  test.each(allFigures().map((figure) => [figure.kind, figure] as const))(
    "%s stays inside its picture and knows every number",
    (_, figure) => {
      const { node, targets } = drawn(figure, width);
      const html = node.outerHTML;

      expect(html).not.toMatch(/NaN|undefined|Infinity|⚠/);
      const [right, bottom] = [Number(node.getAttribute("width")), Number(node.getAttribute("height"))];
      expect(targets.filter(({ x, y }) => !(x >= 0 && x <= right && y >= 0 && y <= bottom))).toEqual([]);
      expect(node.querySelector("img, script, foreignObject")).toBeNull();
    },
  );
});

test("ticks say what the view wrote, and only that", () => {
  const figure = a("waterfall");
  const axis = drawn(figure).node.querySelectorAll("[aria-label='x-axis tick label'] text");
  const written = figure.axis.ticks.map((tick) => tick.text);

  expect(axis.length).toBeGreaterThan(2);
  expect([...axis].map(wordsOf).filter((text) => !written.includes(text))).toEqual([]);
});

test("the latest period keeps its label when ticks are thinned out", () => {
  expect(said(a("time_series"))).toContain("2024-W52");
  expect(said(a("time_series"))).not.toContain("2024-W51");
});

test("bars, waterfall and range plot write each value whole", () => {
  for (const text of a("waterfall").steps.map((step) => step.value.text)) expect(said(a("waterfall"))).toContain(text);
  for (const text of a("bars").bars.map((bar) => bar.value.text)) expect(said(a("bars"))).toContain(text);
  for (const text of a("range_plot").rows.map((row) => row.value.text)) expect(said(a("range_plot"))).toContain(text);
});

test("the triangle says name, state, money and share of each corner, and what cannot be told", () => {
  const figure = a("triangle");
  const words = said(figure);

  for (const { name, state_text, money, share } of figure.corners) {
    for (const text of [name, state_text, money.text, share.text]) expect(words).toContain(text);
  }
  expect(words).toContain(figure.cannot_tell.text);
});

test("a corner with more of the money is larger", () => {
  const { targets } = drawn(a("triangle"));
  const [business = 0, data = 0, model = 0] = targets.map((target) => target.width);

  expect(data).toBeGreaterThan(model);
  expect(model).toBeGreaterThan(business);
});

test("a triangle without any known share still shows three corners", () => {
  const { node, targets } = drawn(a("triangle", "unsure"));

  expect(targets.length).toBe(3);
  expect(node.querySelectorAll(".shape.state-unknown").length).toBe(3);
});

test("annotations are named beside their mark, or numbered and named below", () => {
  const figure = a("time_series");
  const marks = Array.from({ length: 30 }, (_, index) => ({
    at: index,
    text: `Event ${index} with a long name`,
    axis: "x" as const,
    kind: "event" as const,
  }));

  expect(said(figure)).toContain("Summer sale");
  expect(drawn(figure).notes).toEqual([]);
  expect(drawn({ ...figure, marks }).notes.map((note) => note.text)).toEqual(marks.map((mark) => mark.text));
});

test("fifty annotations become numbers, far apart ones keep their words", () => {
  const figure = a("time_series");
  const marks = Array.from({ length: 50 }, (_, index) => ({
    at: index,
    text: `Event ${index}`,
    axis: "x" as const,
    kind: "event" as const,
  }));

  expect(drawn({ ...figure, marks }).notes.length).toBe(50);
  expect(drawn({ ...figure, marks: marks.filter(({ at }) => at % 20 === 0) }).notes).toEqual([]);
});

test("a gap in a series is a gap in its line", () => {
  const figure = a("time_series");
  const path = drawn(figure).node.querySelector(".line.role-main path")?.getAttribute("d") ?? "";

  expect(path.split("M").length - 1).toBe(2);
});

test("a line of one point is a dot, in the picture and in the legend", () => {
  const figure = a("curve", "cost");
  const lines = figure.lines.flatMap((line) => [
    line,
    { ...line, name: "as operated", role: "reference" as const, points: line.points.slice(0, 1) },
  ]);
  const { node, legend } = drawn({ ...figure, lines });

  expect(node.querySelectorAll(".dots.role-reference circle").length).toBe(1);
  expect(legend.map(({ shape }) => shape)).toEqual(["line", "dot"]);
});

test("points without a value have no place", () => {
  const figure = a("time_series");

  expect(drawn(figure).targets.length).toBe(50 + 52);
});

test("changed and missing artifacts say so in words", () => {
  expect(said(a("lineage_graph"))).toContain("missing");
  expect(said(a("lineage_graph"))).toContain("changed");
});

test("only a draggable curve has a handle; it stops at the points of the line", () => {
  const figure = a("curve", "cost");
  const { handle } = drawn(figure);

  expect(handle?.stops.length).toBe(51);
  expect(handle?.stops[17]?.text).toContain("0.34");
  expect(drawn({ ...figure, draggable: false }).handle).toBeUndefined();
});

test("a figure without anything in it is drawn empty", () => {
  const empty: Figure[] = [
    { ...a("time_series"), lines: [], bands: [], marks: [] },
    { ...a("bars"), bars: [] },
    { ...a("waterfall"), steps: [] },
    { ...a("heat_map"), cells: [], rows: [], columns: [] },
    { ...a("distribution", "feature"), bins: [] },
    { ...a("range_plot"), rows: [] },
    { ...a("scatter"), points: [] },
    { ...a("lineage_graph"), nodes: [], edges: [] },
  ];

  for (const figure of empty) expect(drawn(figure).node.outerHTML).not.toMatch(/NaN|Infinity/);
});

test("axes without ticks or span, and values all alike, have a scale", () => {
  const bare = { label: "x", ticks: [], low: null, high: null, scale: "linear" as const };
  const point = { x: 3, y: 3, low: null, high: null, text: "three", link: null, emphasis: false };
  const figure = {
    ...a("time_series"),
    x: bare,
    y: { ...bare, scale: "log" as const },
    marks: [],
    bands: [],
    lines: [{ name: "one", points: [point, { ...point, y: 0 }], role: "main" as const }],
  };

  expect(drawn(figure).node.outerHTML).not.toMatch(/NaN|Infinity/);
});

test("the numbers of every figure come as a table of the view's own texts", () => {
  for (const figure of allFigures()) {
    const { head, rows } = numbers(figure);

    expect(rows.length, figure.kind).toBeGreaterThan(0);
    expect(
      rows.filter((row) => row.length !== head.length),
      figure.kind,
    ).toEqual([]);
  }
});

test("names from artifacts are text, even when they look like markup", () => {
  const { node } = drawn(a("lineage_graph"));

  expect(numbers(a("bars")).rows.map((row) => row[0])).toContain(HOSTILE);
  expect(node.querySelector("img")).toBeNull();
});

describe("labels", () => {
  test("keep to their room, in any script", () => {
    for (const text of [
      "product_line_men_dress_with_a_name",
      "男性用ドレスシューズ男性用ドレスシューズ",
      "أحذية رياضية للرجال والنساء والأطفال",
    ]) {
      expect(widthOf(cut(text, 100))).toBeLessThanOrEqual(100);
      expect(cut(text, 100)).toMatch(/…$/);
    }
  });

  test("break into two lines at a space", () => {
    expect(inTwoLines("Values outside the schema: promo_depth", 160)).toBe("Values outside the schema:\npromo_depth");
  });

  test("never part a surrogate pair", () => {
    expect(cut("👟👟👟👟👟👟👟👟👟👟", 60)).not.toMatch(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])/);
  });
});

test("a verdict strip tells severity by size, corner by shape and letter, and leads to every period", () => {
  const strip = a("verdict_strip");
  const drawing = draw(strip, 1200);
  const heights = [...drawing.node.querySelectorAll(".mark")].map((mark) => mark.classList[1]);

  expect(drawing.targets.map(({ link }) => link?.run)).toEqual(strip.marks.map(({ link }) => link?.run));
  expect(drawing.targets.map(({ text }) => text)).toEqual(strip.marks.map(({ text }) => text));
  expect(new Set(heights)).toContain("level-emergency");
  expect([...drawing.node.querySelectorAll(".letter")].map((letter) => letter.textContent)).toEqual(
    strip.marks.filter(({ letter }) => letter).map(({ letter }) => letter),
  );
  expect(drawing.node.querySelectorAll("polygon.corner-data").length).toBeGreaterThan(0);
  expect(numbers(strip).rows[7]).toEqual(["2024-W48", "data", "Emergency", "Data: a broken feed"]);
});
