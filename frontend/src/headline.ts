/** The answer on one screen: what broke, how bad, how much, how sure, since when, and what to do. */
import { html, nothing, type TemplateResult } from "lit";
import { valueText } from "./chips.ts";
import type { Headline, Notice } from "./contract.ts";
import { cornerIcon, noticeIcon, severityIcon } from "./icons.ts";
import { CORNER_WORDS } from "./words.ts";

export function headlineCard(headline: Headline): TemplateResult {
  const { severity } = headline;
  return html`<section class="headline severity-${severity.level}" aria-labelledby="headline">
    <div class="verdict">
      <div class="badges">
        <span class="severity">${severityIcon(severity.level, 22)}<span>${severity.name}</span></span>
        ${severity.could_be ? html`<span class="could">${severity.could_be}</span>` : nothing}
        ${headline.corner ? html`<span class="where">${cornerIcon(headline.corner, 16)}${CORNER_WORDS[headline.corner]}</span>` : nothing}
      </div>
      <h2 id="headline" dir="auto">${headline.sentence}</h2>
      ${severity.sentence ? html`<p class="measure" dir="auto">${severity.sentence}</p>` : nothing}
    </div>
    <dl class="answers">
      <div class="money"><dt>How much</dt><dd>${valueText(headline.money)}</dd></div>
      <div class="money"><dt>Change</dt><dd>${valueText(headline.change)}</dd></div>
      <div><dt>How sure</dt><dd>${headline.confidence}${headline.confidence_reason ? html`<span class="interval">${headline.confidence_reason}</span>` : nothing}</dd></div>
      ${headline.since ? html`<div><dt>Since when</dt><dd>${headline.since}</dd></div>` : nothing}
    </dl>
    ${headline.how.length > 0 ? how(headline.how) : nothing}
    ${headline.next_action ? html`<p class="next"><strong>Next</strong><span dir="auto">${headline.next_action}</span></p>` : nothing}
  </section>`;
}

function how(facts: Headline["how"]): TemplateResult {
  return html`<details class="how">
    <summary>How these are computed</summary>
    <dl>${facts.map(({ label, value, hint }) => html`<div><dt>${label}</dt><dd dir="auto">${value}${hint ? html`<span class="hint">${hint}</span>` : nothing}</dd></div>`)}</dl>
  </details>`;
}

const FIRST = 3; // notices shown without asking

export function noticeList(notices: readonly Notice[]): TemplateResult | typeof nothing {
  if (notices.length === 0) return nothing;
  const more = notices.slice(FIRST);
  return html`<div class="notices" role="region" aria-label="Notices">
    ${notices.slice(0, FIRST).map(noticeLine)}
    ${more.length > 0 ? html`<details><summary>${more.length} more</summary>${more.map(noticeLine)}</details>` : nothing}
  </div>`;
}

function noticeLine(notice: Notice): TemplateResult {
  return html`<p class="notice level-${notice.level}">
    ${noticeIcon(notice.level)}<span class="unseen">${notice.level}:</span>
    <span dir="auto">${notice.text}${notice.remedy ? html` <span class="remedy">${notice.remedy}</span>` : nothing}</span>
  </p>`;
}
