/** The body of a page: its sections, and the way between them. */
import { html, nothing, type TemplateResult } from "lit";
import { block, roomFor } from "./blocks/block.ts";
import { factItem } from "./blocks/facts.ts";
import { stateChip } from "./chips.ts";
import type { Block, Fact, Section } from "./contract.ts";
import { cornerIcon, stateIcon } from "./icons.ts";
import type { Page } from "./page.ts";
import { sectionWord } from "./words.ts";

export const anchorOf = (id: string) => `section-${id}`;

export function navigation(
  sections: readonly Section[],
  current: string,
  go: (id: string) => void,
): TemplateResult | typeof nothing {
  if (sections.length < 2) return nothing;
  return html`<nav class="contents" aria-label="Sections">
    <ul>
      ${sections.map(
        (section) => html`<li>
          <button type="button" aria-current=${section.id === current ? "true" : "false"} @click=${() => go(section.id)}>
            ${section.state ? stateIcon(section.state, 12) : nothing}<span>${sectionWord(section.id)}</span>
            ${section.state && section.state_text ? html`<span class="unseen">: ${section.state_text}</span>` : nothing}
          </button>
        </li>`,
      )}
    </ul>
  </nav>`;
}

export function sectionCard(section: Section, page: Page): TemplateResult {
  const id = anchorOf(section.id);
  return html`<section class="card" id=${id} aria-labelledby=${`${id}-title`}>
    <header>
      <div class="line"><h2 id=${`${id}-title`} tabindex="-1">${section.corner ? cornerIcon(section.corner, 20) : nothing}<span dir="auto">${section.title}</span></h2>
      ${section.state ? stateChip(section.state, section.state_text) : nothing}</div>
      ${section.lead ? html`<p class="lead" dir="auto">${section.lead}</p>` : nothing}
    </header>
    <div class="blocks">${inRows(section.blocks).map((row) => blockRow(row, page))}</div>
  </section>`;
}

/** Blocks that follow each other share a row when both need little room; a time series shares with its like only. */
function inRows(blocks: readonly Block[]): Block[][] {
  const rows: Block[][] = [];
  for (const content of blocks) {
    const row = rows.at(-1);
    if (row?.[0] && roomFor(row[0]) !== "all" && roomFor(row[0]) === roomFor(content)) row.push(content);
    else rows.push([content]);
  }
  return rows;
}

function blockRow(row: readonly Block[], page: Page): TemplateResult {
  const isSquare = row.length === 4; // two and two, rather than three and one
  return html`<div class="row ${row.length > 1 ? "shared" : ""} ${isSquare ? "square" : ""}">
    ${row.map((content) => html`<div>${block(content, page)}</div>`)}
  </div>`;
}

export function provenance(footer: readonly Fact[], page: Page): TemplateResult | typeof nothing {
  if (footer.length === 0) return nothing;
  return html`<footer class="provenance"><dl class="facts">${footer.map((fact) => factItem(fact, page))}</dl></footer>`;
}
