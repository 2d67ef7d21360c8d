/** The slider over all unit values together: says what each place would mean, and asks for the page at the place it is left at. */
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import type { Assumption } from "./contract.ts";
import { SIGNS, severityIcon } from "./icons.ts";
import type { Page } from "./page.ts";

const REST = 350; // ms of quiet before a place reached by keys is asked for

export class InsightsAssumption extends LitElement {
  static override properties = { assumption: { attribute: false }, page: { attribute: false }, at: { state: true } };
  declare assumption: Assumption;
  declare page: Page;
  /** The place while the slider is moved. */
  declare at: number | null;
  private rest = 0;

  constructor() {
    super();
    this.at = null;
  }

  override createRenderRoot(): this {
    return this;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.clearTimeout(this.rest);
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("assumption")) this.at = null;
  }

  override render(): TemplateResult {
    const { stops } = this.assumption;
    const at = this.at ?? this.stopOf(this.assumption.factor);
    const stop = stops[at];
    if (!stop) return html``;
    const active = this.assumption.factor !== 1;
    return html`<div class="assume ${active ? "active" : ""}">
      <label for="assume-values">Assume unit values</label>
      <div class="track">
        <input
          id="assume-values"
          type="range"
          min="0"
          max=${stops.length - 1}
          step="1"
          .value=${String(at)}
          aria-valuetext=${stop.text}
          aria-describedby="assume-effect"
          @input=${this.move}
          @change=${this.leave}
        />
        <output for="assume-values">${stop.name}</output>
        ${active || this.at !== null ? html`<button type="button" class="quiet" aria-label="Back to the unit values of the business tables" @click=${this.reset}>${SIGNS.close}</button>` : nothing}
      </div>
      <p class="hint" id="assume-effect" aria-live="polite">${severityIcon(stop.level, 14)} ${stop.text}.</p>
    </div>`;
  }

  private stopOf(factor: number): number {
    return this.assumption.stops.findIndex((stop) => stop.factor === factor);
  }

  private move = (event: Event): void => {
    this.at = Number((event.target as HTMLInputElement).value);
  };

  /** Keys leave the slider at every step; only where they rest is asked for. */
  private leave = (event: Event): void => {
    this.move(event);
    window.clearTimeout(this.rest);
    this.rest = window.setTimeout(() => this.ask(this.at ?? 0), REST);
  };

  private reset = (): void => {
    window.clearTimeout(this.rest);
    const home = this.stopOf(1);
    if (this.assumption.factor === 1) this.at = null;
    else {
      this.at = home;
      this.ask(home);
    }
    this.querySelector("input")?.focus();
  };

  private ask(at: number): void {
    const factor = this.assumption.stops[at]?.factor ?? 1;
    if (factor !== this.assumption.factor) this.page.change({ values_scale: factor === 1 ? "" : String(factor) });
    else this.at = null;
  }
}
