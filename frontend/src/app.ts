/** A tab: asks for the view its address names, shows it, and asks again when the address or the runs change. */
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { Outdated, Refused, readStatus, readView, Unreachable } from "./api.ts";
import { InsightsAssumption } from "./assumption.ts";
import type { Link, Problem, View } from "./contract.ts";
import { InsightsExport } from "./export.ts";
import { headlineCard, noticeList } from "./headline.ts";
import { findHost, type Host } from "./host.ts";
import { SIGNS } from "./icons.ts";
import { linked, type Page } from "./page.ts";
import { pickers } from "./pickers.ts";
import { hold, topOf } from "./place.ts";
import { InsightsRemarks } from "./remarks.ts";
import { HOME, hashFor, isShown, type Params, paramsFor, paramsOf, queryOf, type Tab, tabOf } from "./route.ts";
import { anchorOf, navigation, placesOf, provenance, sectionCard } from "./sections.ts";
import { nothingThere, skeleton, trouble } from "./states.ts";
import css from "./style.css?inline";
import { followTheme } from "./theme.ts";
import { PAGE_WORDS } from "./words.ts";

const SCAN_PAUSE = 1000; // ms between questions while the first scan runs
const STATUS_PAUSE = 10_000; // ms between looks for new runs
const STALE: Problem = {
  error: "The plugin was updated while this page was open.",
  remedy: "Reload the page.",
  scanning: false,
};
const SILENT: Problem = {
  error: "TensorBoard does not answer.",
  remedy: "Is it still running? This page asks again by itself.",
  scanning: false,
};

export function start(tab: Tab, host: Host = findHost()): InsightsApp {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  followTheme(host);
  const app = document.createElement("insights-app") as InsightsApp;
  app.tab = tab;
  app.host = host;
  document.body.append(app);
  return app;
}

export class InsightsApp extends LitElement {
  static override properties = {
    params: { state: true },
    view: { state: true },
    problem: { state: true },
    busy: { state: true },
    waiting: { state: true },
    reading: { state: true },
    current: { state: true },
  };
  tab: Tab = "insights_triangle";
  host: Host = findHost();
  declare params: Params;
  declare view: View | null;
  declare problem: Problem | null;
  declare busy: boolean;
  /** What is being waited for before anything can be shown. */
  declare waiting: string;
  /** What a scan that is running says of itself. */
  declare reading: string;
  /** The section that is being read. */
  declare current: string;

  private asked = ""; // the query last asked for
  private shownQuery = ""; // the query that the page on screen answers
  private reached = ""; // the anchor last scrolled to
  private stepping = false; // we changed the address ourselves; else Back, Forward or a tab did
  private readonly places = new Map<string, number>(); // how far a page was scrolled, by its query
  private generation: number | null = null;
  private request: AbortController | null = null;
  private retry = 0;
  private clock = 0;
  private soon = 0;

  constructor() {
    super();
    this.params = {};
    this.view = null;
    this.problem = null;
    this.busy = false;
    this.waiting = "Opening...";
    this.reading = "";
    this.current = "";
  }

  override createRenderRoot(): this {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.host.onChange(this.follow);
    document.addEventListener("scroll", this.spy, { passive: true });
    document.addEventListener("visibilitychange", this.look);
    this.clock = window.setInterval(this.look, STATUS_PAUSE);
    void this.look();
    this.follow();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.clearInterval(this.clock);
    window.clearTimeout(this.retry);
    window.clearTimeout(this.soon);
    this.request?.abort();
    document.removeEventListener("scroll", this.spy);
    document.removeEventListener("visibilitychange", this.look);
  }

  override render(): TemplateResult {
    const page = this.page();
    return html`
      ${patterns()}
      <div class="progress ${this.busy ? "on" : ""}" aria-hidden="true"></div>
      ${page ? this.shown(page) : this.problem ? trouble(this.problem, this.ways()) : skeleton(this.waiting, this.reading)}
    `;
  }

  override updated(): void {
    const { at = "" } = this.params;
    if (!this.view || this.busy || at === this.reached) return;
    this.reached = at;
    if (at) this.reveal(at, { smooth: this.stepping });
  }

  private shown(page: Page): TemplateResult {
    const { view } = page;
    return html`
      <header class="top view-${view.view}">
        <div class="title">
          ${view.back ? html`<p class="back">${linked(html`${SIGNS.back}${PAGE_WORDS[view.back.view]}`, view.back, page)}</p>` : nothing}
          <h1 tabindex="-1" dir="auto">${view.title}</h1>
          ${view.subtitle ? html`<p class="subtitle" dir="auto">${view.subtitle}</p>` : nothing}
        </div>
        <div class="tools">
          ${this.reading ? html`<span class="reading" role="status"><span class="spinner"></span>${this.reading}</span>` : nothing}
          ${view.view === "empty" ? nothing : html`<insights-export .query=${queryOf(this.params, this.tab)}></insights-export>`}
        </div>
        ${pickers(page)}
      </header>
      ${navigation(view, this.current || (view.sections[0]?.id ?? ""), (id) => page.change({ at: id }))}
      <main class="view-${view.view}" aria-busy=${this.busy ? "true" : "false"}>
        ${this.problem ? noticeList([{ level: "error", text: this.problem.error, remedy: this.problem.remedy }]) : nothing}
        ${view.view === "empty" ? nothingThere() : nothing}
        ${noticeList(view.notices)} ${view.headline ? headlineCard(view.headline) : nothing}
        ${view.sections.map((section) => sectionCard(section, page))} ${this.remarks(view)} ${provenance(view.footer, page)}
      </main>
    `;
  }

  private remarks(view: View): TemplateResult | typeof nothing {
    const { pipeline, run, runs } = view.selection;
    const period = runs.find(({ id }) => id === run)?.text ?? run;
    if (!view.remarks) return nothing;
    return html`<insights-remarks .remarks=${view.remarks} .pipeline=${pipeline} .run=${run} .period=${period} @kept=${this.again}></insights-remarks>`;
  }

  private again = (): void => {
    void this.load();
  };

  private page(): Page | null {
    const { view, params, tab, busy } = this;
    if (!view) return null;
    const address = (link: Link) => this.host.address(this.hashOf(link));
    return { view, params, tab, busy, address, go: (link) => this.show(this.hashOf(link)), change: this.change };
  }

  private hashOf(link: Link): string {
    return hashFor(this.host.hash(), tabOf(link), paramsFor(link, this.params));
  }

  private change = (changes: Params, options: { replace?: boolean } = {}): void => {
    const params = { ...this.params, ...changes };
    const hash = hashFor(this.host.hash(), this.tab, params);
    if (changes.at && changes.at === this.params.at) this.reveal(changes.at, { smooth: true });
    this.show(hash, options);
  };

  private show(hash: string, options: { replace?: boolean } = {}): void {
    if (hash === this.host.hash()) return;
    this.stepping = true;
    this.host.show(hash, options);
  }

  private ways() {
    const again = { text: "Try again", go: () => void this.load() };
    const isHome = Object.keys(this.params).length === 0;
    const home = {
      text: `Open ${PAGE_WORDS[HOME[this.tab]]}`,
      go: () => this.show(hashFor(this.host.hash(), this.tab, {})),
    };
    return isHome ? [again] : [again, home];
  }

  /** The address changed: show what it names, unless another plugin's tab is in front. */
  private follow = (): void => {
    if (!isShown(this.host.hash(), this.tab)) {
      this.stepped();
      return;
    }
    this.params = paramsOf(this.host.hash(), this.tab);
    const isAnother = JSON.stringify(queryOf(this.params, this.tab)) !== this.asked;
    if (this.reading) void this.look(); // it may have ended while another tab was in front
    if (isAnother) void this.load();
    else void this.updateComplete.then(this.stepped);
  };

  private stepped = (): void => {
    this.stepping = false;
  };

  private async load(): Promise<void> {
    window.clearTimeout(this.retry);
    this.request?.abort();
    const request = new AbortController();
    this.request = request;
    const query = queryOf(this.params, this.tab);
    this.asked = JSON.stringify(query);
    this.busy = true;
    try {
      const view = await readView(query, request.signal);
      if (!request.signal.aborted) this.receive(view);
    } catch (error) {
      if (!request.signal.aborted) this.refuse(error);
    } finally {
      if (this.request === request) this.busy = false;
    }
  }

  private receive(view: View): void {
    const turned = this.view !== null && (view.view !== this.view.view || view.title !== this.view.title);
    this.view = view;
    this.problem = null;
    this.shownQuery = this.asked;
    if (turned) this.arrive();
    void this.updateComplete.then(this.stepped);
  }

  /** A page that is shown stays, with the sentence above it, unless it is not the page that was asked for. */
  private refuse(error: unknown): void {
    if (error instanceof Outdated) this.fail(STALE);
    else if (error instanceof Unreachable) {
      this.problem = SILENT;
      this.askAgain(SCAN_PAUSE * 5);
    } else if (error instanceof Refused && error.problem.scanning) {
      this.waiting = error.problem.error || "Reading the runs...";
      this.problem = null;
      this.askAgain(SCAN_PAUSE);
      void this.look();
    } else if (error instanceof Refused) this.fail(error.problem);
    else throw error;
  }

  private fail(problem: Problem): void {
    this.view = null;
    this.problem = problem;
  }

  private askAgain(pause: number): void {
    this.retry = window.setTimeout(() => void this.load(), pause);
  }

  /** New runs are shown as they come, without being asked for. */
  private look = async (): Promise<void> => {
    if (document.visibilityState !== "visible" || !isShown(this.host.hash(), this.tab)) return;
    try {
      const status = await readStatus();
      const isBack = this.problem === SILENT;
      const isNew = this.generation !== null && status.generation !== this.generation;
      this.generation = status.generation;
      this.reading = status.scanning ? status.progress || "Reading the runs..." : "";
      if (status.scanning) this.lookSoon();
      if (isNew || isBack) await this.load();
    } catch (error) {
      if (!(error instanceof Unreachable || error instanceof Refused)) throw error;
      if (error instanceof Unreachable && this.view) this.problem = SILENT;
    }
  };

  /** While something is being read, what is said of it must not grow old. */
  private lookSoon(): void {
    window.clearTimeout(this.soon);
    this.soon = window.setTimeout(this.look, SCAN_PAUSE);
  }

  /** A page that was read before is found where it was left; another one begins at its top or at its anchor. */
  private arrive(): void {
    const left = this.stepping ? undefined : this.places.get(this.asked);
    if (left !== undefined) {
      this.reached = this.params.at ?? "";
      void this.updateComplete.then(() => hold(() => left));
    } else if (!this.params.at) {
      void this.updateComplete.then(() => {
        hold(() => 0);
        this.querySelector<HTMLElement>("h1")?.focus({ preventScroll: true });
      });
    } else this.reached = "";
  }

  private reveal(id: string, options: { smooth: boolean }): void {
    hold(() => topOf(anchorOf(id)), options);
    document.getElementById(`${anchorOf(id)}-title`)?.focus({ preventScroll: true });
  }

  /** The last section whose head has passed the navigation is the one being read. */
  private spy = (): void => {
    this.places.set(this.shownQuery, window.scrollY);
    const line = window.innerHeight / 3;
    const atEnd = window.innerHeight + window.scrollY >= document.documentElement.scrollHeight - 2;
    const passed = placesOf(this.view).filter(
      ({ id }) => (document.getElementById(anchorOf(id))?.getBoundingClientRect().top ?? line) < line,
    );
    this.current = (atEnd ? placesOf(this.view).at(-1)?.id : passed.at(-1)?.id) ?? "";
  };
}

/** Fills that pictures refer to by name: hatching says "cannot tell" without colour. */
function patterns(): TemplateResult {
  return html`<svg class="patterns" width="0" height="0" aria-hidden="true" focusable="false">
    <defs>
      <pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="6" height="6" class="ground" /><rect width="2" height="6" class="stroke" /></pattern>
    </defs>
  </svg>`;
}

if (!customElements.get("insights-app")) customElements.define("insights-app", InsightsApp);
if (!customElements.get("insights-assumption")) customElements.define("insights-assumption", InsightsAssumption);
if (!customElements.get("insights-export")) customElements.define("insights-export", InsightsExport);
if (!customElements.get("insights-remarks")) customElements.define("insights-remarks", InsightsRemarks);
