/** A definition list. */
import { html, nothing, type TemplateResult } from "lit";
import type { Fact, Facts } from "../contract.ts";
import { linked, type Page } from "../page.ts";

export function factsBlock(facts: Facts, page: Page): TemplateResult {
  return html`<div class="facts-block">
    ${facts.title ? html`<h3>${facts.title}</h3>` : nothing}
    <dl class="facts">${facts.items.map((fact) => factItem(fact, page))}</dl>
  </div>`;
}

export function factItem(fact: Fact, page: Page): TemplateResult {
  return html`<div>
    <dt dir="auto">${fact.label}</dt>
    <dd dir="auto">${linked(fact.value, fact.link, page)}${fact.hint ? html`<span class="hint">${fact.hint}</span>` : nothing}</dd>
  </div>`;
}
