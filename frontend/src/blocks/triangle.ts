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
      <li class="cannot">
        <div class="line"><span class="name">Cannot tell</span><span class="share">${valueText(figure.cannot_tell)}</span></div>
        ${figure.cannot_tell_sentence ? html`<p>${figure.cannot_tell_sentence}</p>` : nothing}
      </li>
    </ul>
  </div>`;
}

function cornerCard(corner: CornerShare, page: Page): TemplateResult {
  const body = html`
    <div class="line">
      <span class="name">${cornerIcon(corner.corner)} ${corner.name}</span>
      ${stateChip(corner.state, corner.state_text)}
      <span class="share">${corner.share.text}</span>
    </div>
    <p>${corner.sentence}</p>
    <p class="money">${valueText(corner.money)}</p>
  `;
  const { link } = corner;
  if (!link) return html`<div class="corner">${body}</div>`;
  return html`<a class="corner" href=${page.address(link)} @click=${(event: MouseEvent) => followHere(event, link, page)}>${body}</a>`;
}
