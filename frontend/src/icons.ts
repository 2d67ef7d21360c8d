/** Signs that tell state, severity and corner by shape; their word always stands beside them. */
import { type SVGTemplateResult, svg } from "lit";
import type { CornerName, Notice, Severity, State } from "./contract.ts";

const icon = (look: string, body: SVGTemplateResult, size = 16) =>
  svg`<svg class="icon ${look}" width=${size} height=${size} viewBox="0 0 16 16" aria-hidden="true" focusable="false">${body}</svg>`;

export function stateIcon(state: State, size = 16): SVGTemplateResult {
  return icon(`state-${state}`, STATES[state], size);
}

const STATES: Readonly<Record<State, SVGTemplateResult>> = {
  held: svg`<circle class="body" cx="8" cy="8" r="7"/><path class="sign" d="M4.8 8.3l2.2 2.2 4.3-4.7"/>`,
  watch: svg`<path class="body" d="M8 1.2l7.2 13H.8z"/><path class="sign" d="M8 6v4M8 11.8v.4"/>`,
  violated: svg`<rect class="body" x="1.2" y="1.2" width="13.6" height="13.6" rx="1.5"/><path class="sign" d="M5 5l6 6M11 5l-6 6"/>`,
  unknown: svg`<circle class="body" cx="8" cy="8" r="6.8"/><path class="sign" d="M6.1 6.3c.1-2.5 3.9-2.5 3.9-.1 0 1.5-2 1.5-2 3.1M8 11.6v.3"/>`,
};

export function severityIcon(level: Severity["level"], size = 28): SVGTemplateResult {
  return icon(`severity-${level}`, SEVERITIES[level], size);
}

const SEVERITIES: Readonly<Record<Severity["level"], SVGTemplateResult>> = {
  none: svg`<circle class="body" cx="8" cy="8" r="7"/><path class="sign" d="M4.8 8.3l2.2 2.2 4.3-4.7"/>`,
  little: svg`<path class="body" d="M8 1.4l7 12.8H1z"/><path class="sign" d="M8 6.2v3.6M8 11.8v.3"/>`,
  big: svg`<rect class="body" x="2.7" y="2.7" width="10.6" height="10.6" rx="1" transform="rotate(45 8 8)"/><path class="sign" d="M8 4.4v4.4M8 11.2v.4"/>`,
  emergency: svg`<path class="body" d="M5.1 1h5.8L15 5.1v5.8L10.9 15H5.1L1 10.9V5.1z"/><path class="sign" d="M8 4v4.8M8 11.6v.4"/>`,
  unknown: svg`<circle class="body" cx="8" cy="8" r="6.8"/><path class="sign" d="M6.1 6.3c.1-2.5 3.9-2.5 3.9-.1 0 1.5-2 1.5-2 3.1M8 11.6v.3"/>`,
};

export function cornerIcon(corner: CornerName, size = 18): SVGTemplateResult {
  return icon("glyph", CORNERS[corner], size);
}

/** A market, a stack of records, a network. */
const CORNERS: Readonly<Record<CornerName, SVGTemplateResult>> = {
  business: svg`<path class="outline" d="M2 14V9M6 14V5.5M10 14V8M14 14V2.5"/>`,
  data: svg`<ellipse class="outline" cx="8" cy="3.6" rx="5.6" ry="2.1"/><path class="outline" d="M2.4 3.6v8.8c0 1.2 2.5 2.1 5.6 2.1s5.6-.9 5.6-2.1V3.6M2.4 8c0 1.2 2.5 2.1 5.6 2.1s5.6-.9 5.6-2.1"/>`,
  model: svg`<path class="outline" d="M3.5 4l4.5 4-4.5 4M8 8h4"/><circle class="dot" cx="3.2" cy="3.7" r="1.9"/><circle class="dot" cx="3.2" cy="12.3" r="1.9"/><circle class="dot" cx="12.8" cy="8" r="1.9"/><circle class="dot" cx="8" cy="8" r="1.5"/>`,
};

export function noticeIcon(level: Notice["level"]): SVGTemplateResult {
  return icon(`notice-${level}`, NOTICES[level]);
}

const NOTICES: Readonly<Record<Notice["level"], SVGTemplateResult>> = {
  error: svg`<path class="body" d="M5.1 1h5.8L15 5.1v5.8L10.9 15H5.1L1 10.9V5.1z"/><path class="sign" d="M8 4v4.8M8 11.6v.4"/>`,
  warning: svg`<path class="body" d="M8 1.2l7.2 13H.8z"/><path class="sign" d="M8 6v4M8 11.8v.4"/>`,
  info: svg`<circle class="body" cx="8" cy="8" r="7"/><path class="sign" d="M8 7.4v4.2M8 4.4v.4"/>`,
};

export const SIGNS = {
  back: icon("line", svg`<path d="M10 3L5 8l5 5"/>`),
  next: icon("line", svg`<path d="M6 3l5 5-5 5"/>`),
  download: icon("line", svg`<path d="M8 2v8M4.5 7L8 10.5 11.5 7M2.5 13.5h11"/>`),
  close: icon("line", svg`<path d="M4 4l8 8M12 4l-8 8"/>`),
  search: icon("line", svg`<circle cx="7" cy="7" r="4.5"/><path d="M10.4 10.4L14 14"/>`),
  up: icon("line", svg`<path d="M4 10l4-5 4 5"/>`, 12),
  down: icon("line", svg`<path d="M4 6l4 5 4-5"/>`, 12),
};
