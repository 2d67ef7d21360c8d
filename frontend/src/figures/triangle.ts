/** The ML Insights Triangle: three assumptions, each as large as its part of the money and shaped by its state. */
import type { CornerShare, State, Triangle } from "../contract.ts";
import { type Drawing, type Numbers, picture, type Target } from "./drawing.ts";
import { svg } from "./svg.ts";
import { cut } from "./text.ts";

interface Spot {
  x: number;
  y: number;
  r: number;
}

const LEAST = 17; // px: a corner with no share still shows its state
const MOST = 74; // px: radius of a corner that has all of the change
const MIDDLE = 42; // px: more than this in the middle would touch the sides
const RISE = 216; // px from the lower corners to the upper one
const LINE = 19;

export function triangle(figure: Triangle, available: number): Drawing {
  const width = Math.min(available, 560);
  const radius = radii(figure);
  const [upper, ...lower] = figure.corners.map((corner) => ({
    corner,
    r: Math.max(LEAST, radius(corner.share.value)),
  }));
  const top = upper ? Math.max(48, rise(upper.corner.state, upper.r) + 8) : 0;
  const base = top + RISE;
  const side = Math.max(100, width * 0.2);
  const spots = [
    ...(upper ? [{ ...upper, x: width / 2, y: top }] : []),
    ...lower.map((spot, index) => ({ ...spot, x: index === 0 ? side : width - side, y: base })),
  ];
  const height = base + 30 + 3 * LINE + Math.max(...lower.map((spot) => fall(spot.corner.state, spot.r)), 0);
  const centre = { x: width / 2, y: top + RISE * 0.54, r: Math.max(9, radius(figure.cannot_tell.value)) };
  const node = svg(
    "svg",
    { width, height, viewBox: `0 0 ${width} ${height}`, class: "triangle" },
    svg("path", { class: "sides", d: `M${spots.map(({ x, y }) => `${x},${y}`).join("L")}Z` }),
    ...middle(figure, centre),
    ...spots.flatMap((spot, index) => corner(spot.corner, spot, index === 0 ? "beside" : "below", width)),
  );
  return picture(node, { targets: spots.map((spot) => target(spot.corner, spot)) });
}

/** Areas in the proportion of the shares, all of them, and as large as the middle allows. */
function radii(figure: Triangle): (share: number | null) => number {
  const untold = Math.abs(figure.cannot_tell.value ?? 0);
  const whole = figure.corners.reduce((sum, corner) => sum + Math.abs(corner.share.value ?? 0), untold) || 1;
  const most = Math.min(MOST, MIDDLE / Math.sqrt(untold / whole || 1e-9));
  return (share) => most * Math.sqrt(Math.abs(share ?? 0) / whole);
}

function corner(share: CornerShare, { x, y, r }: Spot, place: "beside" | "below", width: number): SVGElement[] {
  const inside = r >= 27 && share.share.value !== null;
  const shape = svg("path", {
    class: `shape state-${share.state}`,
    d: outline(share.state, r),
    transform: `translate(${x},${y})`,
  });
  const text = {
    class: `share state-${share.state}`,
    x,
    y: y + 6 + (share.state === "watch" ? r * 0.1 : 0),
    "text-anchor": "middle",
  };
  const [tx, ty] = place === "beside" ? [x + rise(share.state, r) + 14, y - 14] : [x, y + fall(share.state, r) + 24];
  const anchor = place === "beside" ? "start" : "middle";
  const room = place === "beside" ? width - tx : 196;
  const lines = wordsBeside(share, inside).map((line, index) =>
    svg(
      "text",
      { class: index === 0 ? "name" : "detail", x: tx, y: ty + index * LINE, "text-anchor": anchor },
      cut(line, room),
    ),
  );
  return [shape, ...(inside ? [svg("text", text, share.share.text)] : []), ...lines];
}

/** Name, state and money; the share too where the corner is too small to hold it. Nothing is said twice. */
function wordsBeside(share: CornerShare, inside: boolean): string[] {
  const told = inside || share.share.value === null ? share.state_text : `${share.share.text} · ${share.state_text}`;
  return [share.name, told, ...(share.money.text === share.state_text ? [] : [share.money.text])];
}

/** The same shapes as the chips of a state: circle, triangle, square, dashed circle; equal area at equal share. */
function outline(state: State, r: number): string {
  if (state === "watch") return `M0,${-1.4 * r}L${1.21 * r},${0.7 * r}L${-1.21 * r},${0.7 * r}Z`;
  if (state === "violated") return `M${-0.886 * r},${-0.886 * r}h${1.772 * r}v${1.772 * r}h${-1.772 * r}Z`;
  return `M${-r},0A${r},${r} 0 1 1 ${r},0A${r},${r} 0 1 1 ${-r},0Z`;
}

/** How far a shape reaches up and down from its middle. */
const rise = (state: State, r: number) => (state === "watch" ? 1.4 * r : r);
const fall = (state: State, r: number) => (state === "watch" ? 0.7 * r : r);

function middle(figure: Triangle, { x, y, r }: Spot): SVGElement[] {
  return [
    svg("circle", { class: "cannot-tell", cx: x, cy: y, r }),
    svg("text", { class: "share small", x, y: y + r + 20, "text-anchor": "middle" }, figure.cannot_tell.text),
    svg("text", { class: "detail", x, y: y + r + 38, "text-anchor": "middle" }, "cannot tell"),
  ];
}

function target(share: CornerShare, { x, y, r }: Spot): Target {
  const size = 2 * r + 12;
  return {
    x,
    y,
    text: `${share.name}: ${share.state_text}\n${share.share.text} · ${share.money.text}`,
    link: share.link,
    width: size,
    height: size,
  };
}

export function triangleNumbers(figure: Triangle): Numbers {
  return {
    head: ["Corner", "State", "Money", "Share"],
    rows: [
      ...figure.corners.map((share) => [share.name, share.state_text, share.money.text, share.share.text]),
      ["Cannot tell", "", "", figure.cannot_tell.text],
    ],
  };
}
