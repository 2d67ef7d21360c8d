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

export function triangle(figure: Triangle, available: number): Drawing {
  const width = Math.min(available, 560);
  const height = Math.min(440, Math.max(380, width * 0.76));
  const whole = [...figure.corners.map((corner) => corner.share.value), figure.cannot_tell.value].reduce<number>(
    (sum, share) => sum + Math.abs(share ?? 0),
    0,
  );
  const radius = (share: number | null) => Math.max(LEAST, MOST * Math.sqrt(Math.abs(share ?? 0) / (whole || 1)));
  const side = Math.max(92, width * 0.2);
  const places = [
    { x: width / 2, y: 88 },
    { x: side, y: height - 124 },
    { x: width - side, y: height - 124 },
  ];
  const spots = figure.corners.flatMap((corner, index) => {
    const place = places[index];
    return place ? [{ corner, ...place, r: radius(corner.share.value) }] : [];
  });
  const centre = {
    x: width / 2,
    y: 88 + (height - 212) * 0.6,
    r: Math.max(9, radius(figure.cannot_tell.value) * (figure.cannot_tell.value ? 1 : 0.5)),
  };
  const node = svg(
    "svg",
    { width, height, viewBox: `0 0 ${width} ${height}`, class: "triangle" },
    svg("path", { class: "sides", d: `M${spots.map(({ x, y }) => `${x},${y}`).join("L")}Z` }),
    ...middle(figure, centre),
    ...spots.flatMap((spot, index) => corner(spot.corner, spot, index === 0 ? "beside" : "below")),
  );
  return picture(node, { targets: spots.map((spot) => target(spot.corner, spot)) });
}

function corner(share: CornerShare, { x, y, r }: Spot, place: "beside" | "below"): SVGElement[] {
  const inside = r >= 27;
  const words = [share.name, share.state_text, share.money.text];
  const shape = svg("path", {
    class: `shape state-${share.state}`,
    d: outline(share.state, r),
    transform: `translate(${x},${y})`,
  });
  const text = inside
    ? [
        svg(
          "text",
          { class: `share state-${share.state}`, x, y: y + 6 + drop(share.state, r), "text-anchor": "middle" },
          share.share.text,
        ),
      ]
    : [];
  const lines = inside ? words : [words[0] ?? "", `${share.share.text} · ${share.state_text}`, words[2] ?? ""];
  const reach = share.state === "watch" ? 1.4 * r : r;
  const [tx, ty] = place === "beside" ? [x + reach + 16, y - 14] : [x, y + reach + 22];
  const anchor = place === "beside" ? "start" : "middle";
  const named = lines.map((line, index) =>
    svg(
      "text",
      { class: index === 0 ? "name" : "detail", x: tx, y: ty + index * 19, "text-anchor": anchor },
      cut(line, 200),
    ),
  );
  return [shape, ...text, ...named];
}

/** The same shapes as the chips of a state: circle, triangle, square, dashed circle; equal area at equal share. */
function outline(state: State, r: number): string {
  if (state === "watch") {
    const reach = 1.4 * r;
    return `M0,${-reach}L${0.866 * reach},${reach / 2}L${-0.866 * reach},${reach / 2}Z`;
  }
  if (state === "violated") {
    const half = 0.886 * r;
    return `M${-half},${-half}H${half}V${half}H${-half}Z`;
  }
  return `M${-r},0A${r},${r} 0 1 1 ${r},0A${r},${r} 0 1 1 ${-r},0Z`;
}

/** A triangle has its room below the middle. */
const drop = (state: State, r: number) => (state === "watch" ? r * 0.1 : 0);

function middle(figure: Triangle, { x, y, r }: Spot): SVGElement[] {
  const { text } = figure.cannot_tell;
  return [
    svg("circle", { class: "cannot-tell", cx: x, cy: y, r }),
    svg("text", { class: "share small", x, y: y + r + 20, "text-anchor": "middle" }, text),
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
