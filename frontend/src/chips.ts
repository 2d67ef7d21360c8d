/** Small parts that recur: the chip of a state, a value with its interval. */
import { html, nothing, type TemplateResult } from "lit";
import type { State, Value } from "./contract.ts";
import { stateIcon } from "./icons.ts";
import { STATE_WORDS } from "./words.ts";

export function stateChip(state: State, text = ""): TemplateResult {
  return html`<span class="chip state-${state}">${stateIcon(state, 14)}<span>${text || STATE_WORDS[state]}</span></span>`;
}

export function valueText(value: Value): TemplateResult {
  const interval = value.interval_text ? html`<span class="interval">${value.interval_text}</span>` : nothing;
  return html`<span class="value tone-${value.tone}">${value.text}</span>${interval}`;
}
