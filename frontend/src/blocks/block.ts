/** Renders a block: a figure, facts, a paragraph or a table. */
import { html, type TemplateResult } from "lit";
import type { Block } from "../contract.ts";
import type { Page } from "../page.ts";
import { factsBlock } from "./facts.ts";
import { InsightsFigure } from "./figure.ts";
import { paragraphBlock } from "./paragraph.ts";
import { tableBlock } from "./table.ts";
import { triangleBlock } from "./triangle.ts";

if (!customElements.get("insights-figure")) customElements.define("insights-figure", InsightsFigure);

export function block(content: Block, page: Page): TemplateResult {
  switch (content.kind) {
    case "paragraph":
      return paragraphBlock(content);
    case "facts":
      return factsBlock(content, page);
    case "table":
      return tableBlock(content, page);
    case "triangle":
      return triangleBlock(content, page);
    case "time_series":
    case "bars":
    case "waterfall":
    case "curve":
    case "heat_map":
    case "distribution":
    case "range_plot":
    case "scatter":
    case "lineage_graph":
      return html`<insights-figure .figure=${content} .page=${page}></insights-figure>`;
  }
}

/** Wide blocks take the whole width; the others stand side by side where there is room. */
export function isWide(content: Block): boolean {
  if (content.kind === "table") return content.columns.length > 3;
  return (
    content.kind === "triangle" ||
    content.kind === "time_series" ||
    content.kind === "lineage_graph" ||
    content.kind === "paragraph"
  );
}
