/** The button that has the report written, and follows it until the file is there. */
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { cancelExport, exportAddress, problemOf, readExport, startExport } from "./api.ts";
import type { Problem } from "./contract.ts";
import { SIGNS } from "./icons.ts";
import type { Params } from "./route.ts";

type Phase =
  | { name: "idle" }
  | { name: "running"; job: string; progress: string }
  | { name: "done"; job: string }
  | { name: "failed"; problem: Problem };

const PAUSE = 1000; // ms between two questions

type Wish = "format" | "length" | "paper";

/** What may be chosen of a report; the first of each is what comes without asking. */
const CHOICES: Readonly<Record<Wish, { name: string; choices: readonly (readonly [string, string])[] }>> = {
  format: {
    name: "Form",
    choices: [
      ["pdf", "PDF"],
      ["html", "HTML"],
      ["json", "JSON"],
      ["markdown", "Markdown"],
      ["csv", "CSV: the tables"],
    ],
  },
  length: {
    name: "Length",
    choices: [
      ["standard", "Normal: up to 8 pages"],
      ["brief", "Brief: page 1 alone"],
      ["full", "Full: with an appendix"],
    ],
  },
  paper: {
    name: "Paper",
    choices: [
      ["", "As configured"],
      ["A4", "A4"],
      ["Letter", "Letter"],
    ],
  },
};

/** A form without pages has neither length nor paper. */
const HAS_PAGES = ["pdf", "html"];

export class InsightsExport extends LitElement {
  static override properties = {
    query: { attribute: false },
    phase: { state: true },
    wishes: { state: true },
    opened: { state: true },
  };
  declare query: Params;
  declare phase: Phase;
  /** What was chosen, where it is not the first choice. */
  declare wishes: Params;
  declare opened: boolean;

  constructor() {
    super();
    this.query = {};
    this.phase = { name: "idle" };
    this.wishes = {};
    this.opened = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.addEventListener("keydown", this.onKey);
    this.addEventListener("focusout", this.onLeave);
  }

  override createRenderRoot(): this {
    return this;
  }

  override render(): TemplateResult {
    const running = this.phase.name === "running";
    const form = CHOICES.format.choices.find(([id]) => id === this.chosen("format"))?.[1] ?? "";
    return html`
      <div class="buttons">
        <button type="button" class="button" ?disabled=${running} @click=${this.start}>${SIGNS.download}<span>Export ${form}</span></button>
        <button type="button" class="button more" ?disabled=${running} aria-label="Options of the export" aria-expanded=${this.opened ? "true" : "false"} aria-controls="export-options" @click=${this.toggle}>${SIGNS.down}</button>
      </div>
      ${this.opened ? this.options() : nothing}
      <div class="export-state" role="status">${this.state()}</div>
    `;
  }

  private options(): TemplateResult {
    return html`<div class="popover options" id="export-options" role="group" aria-label="Options of the export">
      ${(["format", "length", "paper"] as const).map((wish) => this.picker(wish))}
      <p class="hint">The run, reference, threshold and assumptions shown on this page go with it.</p>
    </div>`;
  }

  private picker(wish: Wish): TemplateResult {
    const { name, choices } = CHOICES[wish];
    const id = `export-${wish}`;
    const choose = (event: Event) => {
      this.wishes = { ...this.wishes, [wish]: (event.target as HTMLSelectElement).value };
    };
    const chosen = this.chosen(wish);
    return html`<div class="picker">
      <label for=${id}>${name}</label>
      <select id=${id} ?disabled=${!this.applies(wish)} @change=${choose}>
        ${choices.map(([value, text]) => html`<option value=${value} .selected=${value === chosen}>${text}</option>`)}
      </select>
    </div>`;
  }

  private chosen(wish: Wish): string {
    return this.wishes[wish] ?? CHOICES[wish].choices[0]?.[0] ?? "";
  }

  private applies(wish: Wish): boolean {
    return wish === "format" || HAS_PAGES.includes(this.chosen("format"));
  }

  private asked(): Params {
    const wishes = (["format", "length", "paper"] as const).filter((wish) => this.applies(wish));
    const others = wishes.filter((wish) => this.chosen(wish) !== CHOICES[wish].choices[0]?.[0]);
    return { ...this.query, ...Object.fromEntries(others.map((wish) => [wish, this.chosen(wish)])) };
  }

  private toggle = (): void => {
    this.opened = !this.opened;
    if (this.opened && this.phase.name !== "running") this.phase = { name: "idle" };
  };

  private onKey = (event: KeyboardEvent): void => {
    if (event.key !== "Escape" || !this.opened) return;
    this.opened = false;
    this.querySelector<HTMLElement>(".more")?.focus();
  };

  private onLeave = (event: FocusEvent): void => {
    if (event.relatedTarget instanceof Node && !this.contains(event.relatedTarget)) this.opened = false;
  };

  private state(): TemplateResult | typeof nothing {
    const { phase } = this;
    switch (phase.name) {
      case "idle":
        return nothing;
      case "running":
        return html`<div class="popover"><span class="spinner"></span><span>${phase.progress || "Writing the report..."}</span>
          <button type="button" class="quiet" @click=${() => this.cancel(phase.job)}>Cancel</button></div>`;
      case "done":
        return html`<div class="popover"><span>The report is ready.</span><a class="link" href=${exportAddress(phase.job)} download>Download</a>${this.dismiss()}</div>`;
      case "failed":
        return html`<div class="popover failed"><span>${phase.problem.error} ${phase.problem.remedy}</span>${this.dismiss()}</div>`;
    }
  }

  private dismiss(): TemplateResult {
    return html`<button type="button" class="quiet" aria-label="Close" @click=${() => this.show({ name: "idle" })}>${SIGNS.close}</button>`;
  }

  private show(phase: Phase): void {
    this.phase = phase;
  }

  private start = async (): Promise<void> => {
    this.opened = false;
    this.show({ name: "running", job: "", progress: "" });
    try {
      await this.follow(await startExport(this.asked()));
    } catch (error) {
      this.show({ name: "failed", problem: problemOf(error) });
    }
  };

  private async follow(job: string): Promise<void> {
    this.show({ name: "running", job, progress: "" });
    while (this.phase.name === "running" && this.phase.job === job) {
      const status = await readExport(job);
      if (this.phase.name !== "running") return; // cancelled while the answer was on its way
      if (status.state === "failed")
        return this.show({ name: "failed", problem: { error: status.error, remedy: "", scanning: false } });
      if (status.state === "done") return this.finish(job);
      this.show({ name: "running", job, progress: status.progress });
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }

  private async finish(job: string): Promise<void> {
    this.show({ name: "done", job });
    await this.updateComplete;
    this.querySelector<HTMLAnchorElement>("a[download]")?.click();
  }

  private async cancel(job: string): Promise<void> {
    this.show({ name: "idle" });
    if (job)
      await cancelExport(job).catch((error: unknown) => this.show({ name: "failed", problem: problemOf(error) }));
  }
}
