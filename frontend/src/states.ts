/** What stands where a page cannot be: waiting, nothing there, something wrong. Each a sentence and what to do. */
import { html, nothing, type TemplateResult } from "lit";
import type { Problem } from "./contract.ts";
import { noticeIcon } from "./icons.ts";

export function skeleton(sentence: string, progress: string): TemplateResult {
  return html`<div class="skeleton" aria-busy="true">
    <p class="waiting" role="status"><span class="spinner"></span><span>${sentence}<span class="progress-said">${progress}</span></span></p>
    <div class="bones" aria-hidden="true"><div class="bone title"></div><div class="bone head"></div><div class="bone half"></div><div class="bone half"></div></div>
  </div>`;
}

export interface Way {
  text: string;
  go: () => void;
}

export function trouble(problem: Problem, ways: readonly Way[]): TemplateResult {
  return html`<div class="trouble" role="alert">
    ${noticeIcon("error")}
    <div>
      <h1 dir="auto">${problem.error}</h1>
      ${problem.remedy ? html`<p dir="auto">${problem.remedy}</p>` : nothing}
      <div class="ways">${ways.map((way) => html`<button type="button" class="button" @click=${way.go}>${way.text}</button>`)}</div>
    </div>
  </div>`;
}

/** The triangle without anything in it. */
export function nothingThere(): TemplateResult {
  return html`<svg class="empty-sign" viewBox="0 0 120 104" aria-hidden="true" focusable="false">
    <path d="M60 14L106 90H14Z" /><circle cx="60" cy="14" r="9" /><circle cx="106" cy="90" r="9" /><circle cx="14" cy="90" r="9" />
  </svg>`;
}
