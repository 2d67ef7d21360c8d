/** What every part of a page may ask of it: where a link leads, and to show something else. */
import { html, type TemplateResult } from "lit";
import type { Link, View } from "./contract.ts";
import type { Params, Tab } from "./route.ts";

export interface Page {
  view: View;
  params: Params;
  tab: Tab;
  /** A request is under way; what is shown is the old answer. */
  busy: boolean;
  address(link: Link): string;
  go(link: Link): void;
  /** Changes parameters; empty text removes one. `replace` leaves no step for Back. */
  change(changes: Params, options?: { replace?: boolean }): void;
}

/** An anchor that opens `link` here, and like any other in a new browser tab. */
export function linked(content: unknown, link: Link | null | undefined, page: Page): TemplateResult {
  if (!link) return html`${content}`;
  return html`<a class="link" href=${page.address(link)} @click=${(event: MouseEvent) => followHere(event, link, page)}>${content}</a>`;
}

/** Leaves clicks that ask for another tab or window to the browser. */
export function followHere(event: MouseEvent, link: Link, page: Page): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
    return;
  event.preventDefault();
  page.go(link);
}
