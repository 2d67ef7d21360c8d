/** Artifacts in columns from data to model, with what made what; changed and missing ones say so. */
import type { Node as GraphNode, LineageGraph } from "../contract.ts";
import { type Drawing, type Numbers, picture, type Target } from "./drawing.ts";
import { svg } from "./svg.ts";
import { cut, inTwoLines } from "./text.ts";

const BOX = { least: 138, most: 200, height: 70 };
const GAP = { x: 38, y: 20 };
const PAD = 4;

export function lineageGraph(figure: LineageGraph, width: number): Drawing {
  const layers = 1 + Math.max(0, ...figure.nodes.map((node) => node.layer));
  const rows = 1 + Math.max(0, ...figure.nodes.map((node) => node.row));
  const wide = Math.max(BOX.least, Math.min(BOX.most, (width - 2 * PAD - (layers - 1) * GAP.x) / layers));
  const pitch = Math.max(wide + GAP.x, Math.min(300, (width - 2 * PAD - wide) / Math.max(layers - 1, 1)));
  const at = (node: GraphNode) => ({ x: PAD + node.layer * pitch, y: PAD + 6 + node.row * (BOX.height + GAP.y) });
  const places = new Map(figure.nodes.map((node) => [node.id, { node, ...at(node), wide }]));
  const full = {
    width: PAD * 2 + (layers - 1) * pitch + wide,
    height: PAD * 2 + 6 + rows * (BOX.height + GAP.y) - GAP.y,
  };
  const edges = figure.edges.flatMap(({ source, target }) => {
    const [from, to] = [places.get(source), places.get(target)];
    return from && to ? [edge(from, to)] : [];
  });
  const node = svg(
    "svg",
    { width: full.width, height: full.height, viewBox: `0 0 ${full.width} ${full.height}`, class: "lineage" },
    ...edges,
    ...[...places.values()].map(box),
  );
  return picture(node, { targets: [...places.values()].map(targetOf), near: "point" });
}

interface Place {
  node: GraphNode;
  x: number;
  y: number;
  wide: number;
}

function edge(from: Place, to: Place): SVGElement {
  const [x1, y1, x2, y2] = [from.x + from.wide, from.y + BOX.height / 2, to.x, to.y + BOX.height / 2];
  const bend = Math.max(24, Math.abs(x2 - x1) / 2);
  const look = from.node.changed && to.node.changed ? "edge changed" : "edge";
  return svg(
    "g",
    { class: look },
    svg("path", { d: `M${x1},${y1}C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2 - 5},${y2}` }),
    svg("path", { class: "head", d: `M${x2},${y2}l-7,-4v8z` }),
  );
}

function box({ node, x, y, wide }: Place): SVGElement {
  const flags = [node.changed ? "changed" : "", node.missing ? "missing" : "", node.selected ? "selected" : ""].filter(
    Boolean,
  );
  const words = node.missing ? "missing" : node.changed ? "changed" : "";
  const badge = words ? [svg("text", { class: "badge", x: wide - 14, y: 4, "text-anchor": "end" }, words)] : [];
  return svg(
    "g",
    { class: ["node", ...flags].join(" "), transform: `translate(${x},${y})` },
    svg("rect", { width: wide, height: BOX.height, rx: 6 }),
    ...(node.changed ? [svg("rect", { class: "stripe", width: 5, height: BOX.height, rx: 2 })] : []),
    svg("text", { class: "name", x: 14, y: 22 }, cut(node.label, wide - 26)),
    ...inTwoLines(node.detail, wide - 26)
      .split("\n")
      .map((line, index) => svg("text", { class: "detail", x: 14, y: 41 + index * 16 }, line)),
    ...badge,
  );
}

function targetOf({ node, x, y, wide }: Place): Target {
  return {
    x: x + wide / 2,
    y: y + BOX.height / 2,
    text: wordsOf(node).filter(Boolean).join("\n"),
    link: node.link,
    ...BOX,
  };
}

function wordsOf(node: GraphNode): string[] {
  return [
    node.label,
    node.detail,
    node.changed ? "changed" : "",
    node.missing ? "missing" : "",
    node.selected ? "selected" : "",
  ];
}

export function lineageNumbers(figure: LineageGraph): Numbers {
  const sources = (node: GraphNode) =>
    figure.edges
      .filter((edge) => edge.target === node.id)
      .map((edge) => figure.nodes.find((other) => other.id === edge.source)?.label ?? edge.source);
  return {
    head: ["Artifact", "Detail", "State", "Made from"],
    rows: figure.nodes.map((node) => [
      node.label,
      node.detail,
      wordsOf(node).slice(2).filter(Boolean).join(", "),
      sources(node).join(", "),
    ]),
  };
}
