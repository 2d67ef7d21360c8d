/** A figure on the page: title, legend, picture, what pointer and keyboard find in it, note, and its numbers as a table. */
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import type { Figure } from "../contract.ts";
import type { Drawing, Handle, LegendItem, Numbers, Target } from "../figures/drawing.ts";
import { followHere, type Page } from "../page.ts";

type Pencil = typeof import("../figures/draw.ts");

/** Charts are the heavy half of the bundle: loaded beside the first view, not before it. */
const pencil: Promise<Pencil> = import("../figures/draw.ts");

const REACH = 48; // px: how far from a target the pointer may be

export class InsightsFigure extends LitElement {
  static override properties = {
    figure: { attribute: false },
    page: { attribute: false },
    width: { state: true },
    found: { state: true },
    current: { state: true },
    stop: { state: true },
    ready: { state: true },
    opened: { state: true },
  };
  declare figure: Figure;
  declare page: Page;
  /** Drawn width in px; 0 while hidden. */
  declare width: number;
  /** Indices of the targets under the pointer or the focus. */
  declare found: readonly number[];
  /** Which linked target Tab reaches; the arrow keys move it. */
  declare current: number;
  /** Where the handle is while it is moved. */
  declare stop: number | null;
  declare ready: Pencil | null;
  /** The table of numbers is open; it is made only then. */
  declare opened: boolean;
  private drawing: Drawing | null = null;
  private watcher: ResizeObserver | null = null;

  constructor() {
    super();
    this.width = 0;
    this.found = [];
    this.current = 0;
    this.stop = null;
    this.ready = null;
    this.opened = false;
  }

  override createRenderRoot(): this {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void pencil.then((module) => {
      this.ready = module;
    });
    this.watcher = new ResizeObserver(() => this.measure());
    this.watcher.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.watcher?.disconnect();
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (!this.ready || this.width === 0) return;
    if (!changed.has("figure") && !changed.has("width") && !changed.has("ready") && this.drawing) return;
    this.drawing = this.ready.draw(this.figure, this.width);
    this.found = [];
    this.current = Math.min(this.current, Math.max(0, this.linkedTargets().length - 1));
    this.stop = null;
  }

  override render(): TemplateResult {
    const { figure, drawing } = this;
    return html`
      <figure aria-label=${figure.title || nothing} class="figure kind-${figure.kind}">
        ${figure.title ? html`<figcaption>${figure.title}</figcaption>` : nothing}
        ${drawing && drawing.legend.length > 0 ? legend(drawing.legend) : nothing}
        <div class="canvas" @pointermove=${this.point} @pointerleave=${this.leave}>
          <div class="picture" role="img" aria-label=${figure.alt}>${drawing?.node ?? html`<div class="bone"></div>`}</div>
          ${drawing ? this.hits(drawing) : nothing} ${drawing?.handle ? this.slider(drawing.handle) : nothing} ${drawing ? this.tip(drawing) : nothing}
        </div>
        ${drawing && drawing.notes.length > 0 ? remarks(drawing.notes) : nothing}
        ${figure.note ? html`<p class="note">${figure.note}</p>` : nothing}
        <details class="numbers" @toggle=${this.open}>
          <summary>Numbers<span class="unseen"> of ${figure.title}</span></summary>
          ${this.opened && this.ready ? numbersTable(this.ready.numbers(figure), figure.title) : nothing}
        </details>
      </figure>
    `;
  }

  private open = (event: Event): void => {
    this.opened = (event.currentTarget as HTMLDetailsElement).open;
  };

  private measure(): void {
    const width = Math.floor(this.querySelector(".canvas")?.clientWidth ?? this.clientWidth);
    if (width > 0 && width !== this.width) this.width = width;
  }

  private linkedTargets(): readonly Target[] {
    return this.drawing?.targets.filter((target) => target.link) ?? [];
  }

  /** One stop for Tab however many points: the arrow keys go from point to point. */
  private hits(drawing: Drawing): TemplateResult | typeof nothing {
    const linked = this.linkedTargets();
    if (linked.length === 0) return nothing;
    return html`<div class="hits" role="group" aria-label=${`Links in ${this.figure.title}`} @keydown=${this.step}>
      ${linked.map((target, index) => this.hit(target, index, drawing.targets.indexOf(target)))}
    </div>`;
  }

  private hit(target: Target, index: number, at: number): TemplateResult {
    const { link } = target;
    if (!link) return html``;
    const { width = 14, height = 14 } = target;
    const place = `left:${target.x - width / 2}px;top:${target.y - height / 2}px;width:${width}px;height:${height}px`;
    return html`<a
      class="hit ${target.round ? "round" : ""}"
      style=${place}
      href=${this.page.address(link)}
      aria-label=${target.text}
      tabindex=${index === this.current ? 0 : -1}
      @click=${(event: MouseEvent) => followHere(event, link, this.page)}
      @focus=${() => {
        this.current = index;
        this.found = [at];
      }}
      @blur=${this.leave}
    ></a>`;
  }

  private step = (event: KeyboardEvent): void => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const last = this.linkedTargets().length - 1;
    const to = event.key === "Home" ? 0 : event.key === "End" ? last : by === undefined ? null : this.current + by;
    if (to === null) return;
    event.preventDefault();
    this.querySelectorAll<HTMLElement>(".hit")[Math.max(0, Math.min(last, to))]?.focus();
  };

  private point = (event: PointerEvent): void => {
    const canvas = event.currentTarget as HTMLElement;
    const frame = canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - frame.left + canvas.scrollLeft, event.clientY - frame.top];
    const found = this.drawing ? nearest(this.drawing, x, y) : [];
    if (String(found) !== String(this.found)) this.found = found;
  };

  private leave = (): void => {
    this.found = [];
  };

  private tip(drawing: Drawing): TemplateResult | typeof nothing {
    if (this.stop !== null) return nothing; // the handle tells where it is
    const shown = this.found.flatMap((index) => drawing.targets[index] ?? []);
    const first = shown[0];
    if (!first) return nothing;
    const side = first.x > this.width / 2 ? "left" : "right";
    const top = Math.min(...shown.map((target) => target.y));
    const aside = drawing.near === "point" ? ((first.width ?? 0) / 2) * (side === "right" ? 1 : -1) : 0; // beside a thing, not over it
    return html`
      ${shown.map((target) => (target.width ? nothing : html`<span class="spot" style="left:${target.x}px;top:${target.y}px"></span>`))}
      <div class="tip ${side}" style="left:${first.x + aside}px;top:${top}px" aria-hidden="true">
        ${shown.flatMap((target) => target.text.split("\n").map((line, index) => html`<div class=${index === 0 ? "first" : "more"} dir="auto">${line}</div>`))}
      </div>
    `;
  }

  private slider(handle: Handle): TemplateResult {
    const index = this.stop ?? closest(handle, handle.at);
    const at = handle.stops[index];
    if (!at) return html``;
    const moved = this.stop !== null;
    return html`
      <div
        class="handle ${moved ? "moved" : ""}"
        style="left:${at.x}px;top:${handle.top}px;height:${handle.bottom - handle.top}px"
        role="slider"
        tabindex="0"
        aria-label=${handle.name}
        aria-orientation="horizontal"
        aria-valuemin=${handle.stops[0]?.value ?? 0}
        aria-valuemax=${handle.stops.at(-1)?.value ?? 0}
        aria-valuenow=${at.value}
        aria-valuetext=${at.text || nothing}
        @keydown=${(event: KeyboardEvent) => this.nudge(event, handle)}
        @blur=${() => this.settle(handle)}
        @pointerdown=${(event: PointerEvent) => this.grab(event, handle)}
      >
        <span class="grip"></span>
        ${moved && at.text ? html`<output class="held ${at.x > this.width / 2 ? "left" : "right"}">${at.text}</output>` : nothing}
      </div>
    `;
  }

  private grab(event: PointerEvent, handle: Handle): void {
    event.preventDefault();
    const knob = event.currentTarget as HTMLElement;
    const frame = this.querySelector(".canvas")?.getBoundingClientRect();
    const move = ({ clientX }: PointerEvent) => {
      this.stop = closest(handle, clientX - (frame?.left ?? 0));
    };
    const drop = () => {
      knob.removeEventListener("pointermove", move);
      this.settle(handle);
    };
    knob.focus();
    knob.setPointerCapture(event.pointerId);
    knob.addEventListener("pointermove", move);
    knob.addEventListener("pointerup", drop, { once: true });
    knob.addEventListener("pointercancel", drop, { once: true });
  }

  private nudge(event: KeyboardEvent, handle: Handle): void {
    const last = handle.stops.length - 1;
    const big = Math.max(1, Math.round(last / 10));
    const by = {
      ArrowRight: 1,
      ArrowUp: 1,
      ArrowLeft: -1,
      ArrowDown: -1,
      PageUp: big,
      PageDown: -big,
      Home: -last,
      End: last,
    }[event.key];
    if (event.key === "Enter") this.settle(handle);
    if (event.key === "Escape") this.stop = null;
    if (by === undefined) return;
    event.preventDefault();
    this.stop = Math.max(0, Math.min(last, (this.stop ?? closest(handle, handle.at)) + by));
  }

  /** Asks for the page at the new threshold. */
  private settle(handle: Handle): void {
    const chosen = this.stop === null ? undefined : handle.stops[this.stop];
    if (!chosen || this.stop === closest(handle, handle.at)) {
      this.stop = null;
      return;
    }
    this.page.change({ threshold: String(chosen.value) });
  }
}

function nearest(drawing: Drawing, x: number, y: number): number[] {
  const gap = (target: Target) => {
    if (drawing.near === "column") return Math.abs(target.x - x);
    if (drawing.near === "row") return Math.abs(target.y - y);
    const [dx, dy] = [
      Math.abs(target.x - x) - (target.width ?? 0) / 2,
      Math.abs(target.y - y) - (target.height ?? 0) / 2,
    ];
    return Math.hypot(Math.max(0, dx), Math.max(0, dy));
  };
  const gaps = drawing.targets.map(gap);
  const least = Math.min(...gaps, REACH);
  const alike = gaps.flatMap((distance, index) => (distance <= least + 0.5 && distance < REACH ? [index] : []));
  return drawing.near === "point" ? alike.slice(0, 1) : alike;
}

function closest(handle: Handle, x: number): number {
  return handle.stops.reduce(
    (best, stop, index) => (Math.abs(stop.x - x) < Math.abs((handle.stops[best]?.x ?? 0) - x) ? index : best),
    0,
  );
}

function legend(items: readonly LegendItem[]): TemplateResult {
  return html`<ul class="legend" aria-hidden="true">
    ${items.map((item) => html`<li><span class="swatch shape-${item.shape} ${item.look}"></span><span dir="auto">${item.name}</span></li>`)}
  </ul>`;
}

function remarks(notes: Drawing["notes"]): TemplateResult {
  return html`<ol class="remarks">${notes.map((note) => html`<li><span class="number">${note.mark}</span> <span dir="auto">${note.text}</span></li>`)}</ol>`;
}

function numbersTable({ head, rows }: Numbers, title: string): TemplateResult {
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${`Numbers of ${title}`}>
    <table>
      <thead><tr>${head.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
      <tbody>${rows.map((row) => html`<tr>${row.map((text) => html`<td dir="auto">${text}</td>`)}</tr>`)}</tbody>
    </table>
  </div>`;
}
