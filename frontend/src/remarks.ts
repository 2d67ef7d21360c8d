/** Where a person records what it turned out to be, and writes words for the report. Kept by the server, beside the result. */
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { keepCause, keepWords, problemOf } from "./api.ts";
import type { Choice, Problem, Remarks } from "./contract.ts";

type Part = "cause" | "words";
type Fate = { part: Part; name: "keeping" | "kept" } | { part: Part; name: "failed"; problem: Problem } | null;

export class InsightsRemarks extends LitElement {
  static override properties = {
    remarks: { attribute: false },
    pipeline: {},
    run: {},
    period: {},
    cause: { state: true },
    note: { state: true },
    words: { state: true },
    fate: { state: true },
  };
  declare remarks: Remarks;
  declare pipeline: string;
  declare run: string;
  /** Of which period the words are. */
  declare period: string;
  declare cause: string;
  declare note: string;
  declare words: string;
  declare fate: Fate;

  constructor() {
    super();
    this.pipeline = this.run = this.period = this.cause = this.note = this.words = "";
    this.fate = null;
  }

  override createRenderRoot(): this {
    return this;
  }

  /** What is being written is left alone when the page is read again; another run has other words. */
  override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("remarks")) return;
    const before: Remarks | undefined = changed.get("remarks");
    const isOther = !before || changed.has("run") || changed.has("pipeline");
    const { cause, note, words } = this.remarks;
    if (isOther || (this.cause === before.cause && this.note === before.note)) [this.cause, this.note] = [cause, note];
    if (isOther || this.words === before.words) this.words = words;
    if (isOther) this.fate = null;
  }

  override render(): TemplateResult {
    return html`<section class="card" id="section-remarks" aria-labelledby="section-remarks-title">
      <header>
        <div class="line"><h2 id="section-remarks-title" tabindex="-1"><span>Your words on the period of ${this.period}</span></h2></div>
        <p class="lead">Kept in the state folder of this TensorBoard, never in the pipeline's stores. No number changes.</p>
      </header>
      <div class="blocks"><div class="row shared">${this.causeForm()} ${this.wordsForm()}</div></div>
    </section>`;
  }

  private causeForm(): TemplateResult {
    const { remarks } = this;
    const isChanged = this.cause !== remarks.cause || this.note !== remarks.note;
    const keep = () => this.keep("cause", () => keepCause(this.pipeline, this.run, this.cause, this.note));
    return html`<form class="remark" @submit=${(event: Event) => submitted(event, keep)} @keydown=${(event: KeyboardEvent) => byKeys(event, keep)}>
      <fieldset>
        <legend>What did it turn out to be?</legend>
        <div class="ways-out">${remarks.causes.map((cause) => this.radio(cause))}</div>
      </fieldset>
      ${this.box({
        id: "remark-note",
        label: "How do you know?",
        hint: "Shown beside the verdict, in the history and in the report.",
        text: this.note,
        most: remarks.most_note,
        rows: 3,
        write: (text) => {
          this.note = text;
        },
      })}
      ${this.foot("cause", isChanged, remarks.cause || remarks.note ? "Recorded" : "")}
    </form>`;
  }

  private radio(cause: Choice): TemplateResult {
    const choose = () => {
      this.cause = cause.id;
      this.fate = null;
    };
    return html`<label class="radio"><input type="radio" name="remark-cause" value=${cause.id} .checked=${this.cause === cause.id} @change=${choose} /><span>${cause.text}</span></label>`;
  }

  private wordsForm(): TemplateResult {
    const { remarks } = this;
    const keep = () => this.keep("words", () => keepWords(this.pipeline, this.run, this.words));
    return html`<form class="remark" @submit=${(event: Event) => submitted(event, keep)} @keydown=${(event: KeyboardEvent) => byKeys(event, keep)}>
      ${remarks.fault ? html`<p class="fault" role="alert">${remarks.fault} Keeping new words replaces it.</p>` : nothing}
      ${this.box({
        id: "remark-words",
        label: "Words for page 1 of the report",
        hint: "A line “Headline: …” or “What to do: …” replaces the report's own; everything else is printed as a note.",
        text: this.words,
        most: remarks.most_words,
        rows: 7,
        write: (text) => {
          this.words = text;
        },
      })}
      ${this.foot("words", this.words !== remarks.words, remarks.words ? "Kept" : "")}
    </form>`;
  }

  private box(box: {
    id: string;
    label: string;
    hint: string;
    text: string;
    most: number;
    rows: number;
    write: (text: string) => void;
  }): TemplateResult {
    const write = (event: Event) => {
      box.write((event.target as HTMLTextAreaElement).value);
      this.fate = null;
    };
    return html`<div class="box">
      <label for=${box.id}>${box.label}</label>
      <textarea id=${box.id} rows=${box.rows} maxlength=${box.most} dir="auto" aria-describedby=${`${box.id}-hint`} .value=${box.text} @input=${write}></textarea>
      <p class="hint" id=${`${box.id}-hint`}>${box.hint} <span class="room">${box.text.length} of ${box.most} letters</span></p>
    </div>`;
  }

  private foot(part: Part, isChanged: boolean, known: string): TemplateResult {
    const fate = this.fate?.part === part ? this.fate : null;
    const told =
      fate?.name === "keeping" ? "Keeping…" : fate?.name === "kept" ? "Kept." : isChanged ? "Not kept yet." : known;
    return html`<div class="foot">
      <button type="submit" class="button" ?disabled=${!isChanged || fate?.name === "keeping"}>${part === "cause" ? "Record" : "Keep"}<span class="unseen">${part === "cause" ? " what it turned out to be" : " the words"}</span></button>
      <span class="told" role="status">${told}</span>
      ${fate?.name === "failed" ? html`<p class="fault" role="alert">${fate.problem.error} ${fate.problem.remedy}</p>` : nothing}
    </div>`;
  }

  private async keep(part: Part, send: () => Promise<void>): Promise<void> {
    this.fate = { part, name: "keeping" };
    try {
      await send();
      this.fate = { part, name: "kept" };
      this.dispatchEvent(new CustomEvent("kept", { bubbles: true }));
    } catch (error) {
      this.fate = { part, name: "failed", problem: problemOf(error) };
    }
  }
}

function submitted(event: Event, keep: () => Promise<void>): void {
  event.preventDefault();
  void keep();
}

/** Ctrl and Enter send a form whose Enter makes a new line. */
function byKeys(event: KeyboardEvent, keep: () => Promise<void>): void {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submitted(event, keep);
}
