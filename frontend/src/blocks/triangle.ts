/** The triangle with its three sentences beside it. */
import { html, nothing, type TemplateResult } from "lit";
import { stateChip, valueText } from "../chips.ts";
import type { CornerShare, Triangle } from "../contract.ts";
import { cornerIcon } from "../icons.ts";
import { followHere, type Page } from "../page.ts";

export function triangleBlock(figure: Triangle, page: Page): TemplateResult {
  return html`<div class="triangle-block">
    <insights-figure .figure=${figure} .page=${page}></insights-figure>
    <ul class="corners">
      ${figure.corners.map((corner) => html`<li>${cornerCard(corner, page)}</li>`)}
      <li class="corner cannot">
        <span class="name">Cannot tell</span><span></span><span class="share">${valueText(figure.cannot_tell)}</span>
        ${figure.cannot_tell_sentence ? html`<p>${figure.cannot_tell_sentence}</p>` : nothing}
      </li>
    </ul>
  </div>`;
}

function cornerCard(corner: CornerShare, page: Page): TemplateResult {
  const { link, money, share } = corner;
  const body = html`
    <span class="name">${cornerIcon(corner.corner)}<span>${corner.name}</span></span>
    ${stateChip(corner.state, corner.state_text)}
    <span class="share">${share.text}</span>
    <p>${corner.sentence}</p>
    ${money.text === share.text ? nothing : html`<p class="money">${valueText(money)}</p>`}
  `;
  if (!link) return html`<div class="corner">${body}</div>`;
  return html`<a class="corner" href=${page.address(link)} @click=${(event: MouseEvent) => followHere(event, link, page)}>${body}</a>`;
}
