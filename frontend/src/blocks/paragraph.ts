/** A paragraph; its tone is a stroke at the side. */
import { html, type TemplateResult } from "lit";
import type { Paragraph } from "../contract.ts";

export function paragraphBlock(paragraph: Paragraph): TemplateResult {
  return html`<p class="paragraph tone-${paragraph.tone}" dir="auto">${paragraph.text}</p>`;
}
