/** The button that has the report written, and follows it until the file is there. */
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { cancelExport, exportAddress, Refused, readExport, startExport, Unreachable } from "./api.ts";
import type { Problem } from "./contract.ts";
import { SIGNS } from "./icons.ts";
import type { Params } from "./route.ts";

type Phase =
  | { name: "idle" }
  | { name: "running"; job: string; progress: string }
  | { name: "done"; job: string }
  | { name: "failed"; problem: Problem };

const PAUSE = 1000; // ms between two questions

export class InsightsExport extends LitElement {
  static override properties = { query: { attribute: false }, phase: { state: true } };
  declare query: Params;
  declare phase: Phase;

  constructor() {
    super();
    this.query = {};
    this.phase = { name: "idle" };
  }

  override createRenderRoot(): this {
    return this;
  }

  override render(): TemplateResult {
    const running = this.phase.name === "running";
    return html`
      <button type="button" class="button" ?disabled=${running} @click=${this.start}>${SIGNS.download}<span>Export PDF</span></button>
      <div class="export-state" role="status">${this.state()}</div>
    `;
  }

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
    this.show({ name: "running", job: "", progress: "" });
    try {
      await this.follow(await startExport(this.query));
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

function problemOf(error: unknown): Problem {
  if (error instanceof Refused) return error.problem;
  if (error instanceof Unreachable)
    return { error: "TensorBoard does not answer.", remedy: "Is it still running?", scanning: false };
  throw error;
}
