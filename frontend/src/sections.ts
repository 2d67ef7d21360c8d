/** The body of a page: its sections, and the way between them. */
import { html, nothing, type TemplateResult } from "lit";
import { block, roomFor } from "./blocks/block.ts";
import { factItem } from "./blocks/facts.ts";
import { stateChip } from "./chips.ts";
import type { Block, Fact, Section, View } from "./contract.ts";
import { cornerIcon, stateIcon } from "./icons.ts";
import type { Page } from "./page.ts";
import { sectionWord } from "./words.ts";

export const anchorOf = (id: string) => `section-${id}`;

interface Place {
  id: string;
  state: Section["state"];
  state_text: string;
}

/** Where the navigation leads: the sections, and the place for a person's words. */
export function placesOf(view: View | null): readonly Place[] {
  const remarks: Place[] = view?.remarks ? [{ id: "remarks", state: null, state_text: "" }] : [];
  return [...(view?.sections ?? []), ...remarks];
}

export function navigation(view: View, current: string, go: (id: string) => void): TemplateResult | typeof nothing {
  const places = placesOf(view);
  if (places.length < 2) return nothing;
  return html`<nav class="contents" aria-label="Sections">
    <ul>
      ${places.map(
        (place) => html`<li>
          <button type="button" aria-current=${place.id === current ? "true" : "false"} @click=${() => go(place.id)}>
            ${place.state ? stateIcon(place.state, 12) : nothing}<span>${sectionWord(place.id)}</span>
            ${place.state && place.state_text ? html`<span class="unseen">: ${place.state_text}</span>` : nothing}
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
      ${section.action ? html`<p class="lead"><strong>What to do:</strong> <span dir="auto">${section.action}</span></p>` : nothing}
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
