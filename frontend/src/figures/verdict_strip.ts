/** Past verdicts in a row: the corner by shape, colour and letter, the severity by size and word. */
import type { VerdictMark, VerdictStrip } from "../contract.ts";
import { type Drawing, type Numbers, picture } from "./drawing.ts";
import { svg } from "./svg.ts";
import { cut, widthOf } from "./text.ts";

const RADIUS: Readonly<Record<VerdictMark["level"], number>> = {
  none: 10,
  unknown: 10,
  little: 12,
  big: 16,
  emergency: 20,
};
const SIDES = { business: 3, data: 4, model: 6 } as const;
const MOST = 116; // px between two periods
const MIDDLE = 32;
const [WORD, PERIOD, OUTCOME] = [72, 92, 111];

export function verdictStrip({ marks }: VerdictStrip, width: number): Drawing {
  const room = Math.min(MOST, width / Math.max(marks.length, 1));
  const left = (width - room * marks.length) / 2;
  const at = (index: number) => left + (index + 0.5) * room;
  const height = marks.some((mark) => mark.confirmed) ? 122 : 102;
  const every = Math.max(1, Math.ceil((Math.max(...marks.map((mark) => widthOf(mark.label)), 0) + 8) / room));
  const node = svg(
    "svg",
    { width, height, viewBox: `0 0 ${width} ${height}`, class: "strip" },
    svg("line", { class: "thread", x1: at(0), x2: at(marks.length - 1), y1: MIDDLE, y2: MIDDLE }),
    ...marks.flatMap((mark, index) => parts(mark, at(index), room, (marks.length - 1 - index) % every === 0, height)),
  );
  const targets = marks.map((mark, index) => ({
    x: at(index),
    y: height / 2,
    text: mark.text,
    link: mark.link,
    width: room,
    height,
  }));
  return picture(node, { targets, near: "column" });
}

function parts(mark: VerdictMark, x: number, room: number, isNamed: boolean, height: number): SVGElement[] {
  const word = mark.level === "none" || mark.level === "unknown" ? "" : (mark.level_text.split(" ")[0] ?? "");
  const outcome = mark.confirmed.split(":")[0] ?? "";
  const line = (y: number, look: string, text: string) =>
    text ? [svg("text", { class: look, x, y, "text-anchor": "middle" }, cut(text, Math.max(room - 4, 14)))] : [];
  return [
    ...(mark.selected
      ? [svg("rect", { class: "chosen", x: x - room / 2 + 1, y: 1, width: room - 2, height: height - 2, rx: 6 })]
      : []),
    sign(mark, x),
    ...line(WORD, `word level-${mark.level}`, widthOf(word) <= room ? word : ""),
    ...(isNamed ? line(PERIOD, "period", mark.label) : []),
    ...line(OUTCOME, "outcome", outcome),
  ];
}

function sign(mark: VerdictMark, x: number): SVGElement {
  const { corners, level, letter } = mark;
  const [first] = corners;
  const r = RADIUS[level];
  if (!first && !letter && !mark.is_open) return svg("circle", { class: "quiet", cx: x, cy: MIDDLE, r: 4.5 });
  const look = corners.length === 1 ? `corner-${first}` : "unclear";
  const shape =
    first && corners.length === 1
      ? polygon(SIDES[first], x, r * 1.2, look)
      : svg("circle", { class: `shape ${look}`, cx: x, cy: MIDDLE, r });
  return svg(
    "g",
    { class: `mark level-${level}` },
    shape,
    svg("text", { class: "letter", x, y: MIDDLE + 5, "text-anchor": "middle" }, letter || "–"),
  );
}

function polygon(sides: number, x: number, r: number, look: string): SVGElement {
  const turn = sides === 4 ? Math.PI / 4 : -Math.PI / 2;
  const middle = MIDDLE + (sides === 3 ? 0.16 * r : 0);
  const corners = Array.from({ length: sides }, (_, index) => turn + (2 * Math.PI * index) / sides);
  const points = corners.map(
    (angle) => `${(x + r * Math.cos(angle)).toFixed(1)},${(middle + r * Math.sin(angle)).toFixed(1)}`,
  );
  return svg("polygon", { class: `shape ${look}`, points: points.join(" ") });
}

export function verdictNumbers({ marks }: VerdictStrip): Numbers {
  return {
    head: ["Period", "Verdict", "Severity", "Turned out to be"],
    rows: marks.map((mark) => [mark.label, mark.verdict, mark.level_text, mark.confirmed]),
  };
}
