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
    case "verdict_strip":
      return html`<insights-figure .figure=${content} .page=${page}></insights-figure>`;
  }
}

/** How much of a row a block needs: all of it, what others of its kind leave, or half. */
export function roomFor(content: Block): "all" | "series" | "half" {
  switch (content.kind) {
    case "table":
      return content.columns.length > 3 ? "all" : "half";
    case "triangle":
    case "lineage_graph":
    case "verdict_strip":
    case "paragraph":
      return "all";
    case "time_series":
      return "series";
    default:
      return "half";
  }
}
