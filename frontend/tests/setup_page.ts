/** What jsdom lacks and a browser has: layout. Everything is 800 px wide. */
import { afterEach, beforeEach, expect, type MockInstance, vi } from "vitest";

const WIDTH = 800;

Object.defineProperty(HTMLElement.prototype, "clientWidth", { configurable: true, get: () => WIDTH });
Element.prototype.scrollIntoView = () => {};
window.scrollTo = () => {};
window.matchMedia = (media: string) =>
  Object.assign(new EventTarget(), {
    matches: false,
    media,
    onchange: null,
    addListener() {},
    removeListener() {},
  }) as MediaQueryList;
globalThis.ResizeObserver = class {
  readonly #heard: ResizeObserverCallback;
  constructor(heard: ResizeObserverCallback) {
    this.#heard = heard;
  }
  observe() {
    queueMicrotask(() => this.#heard([], this));
  }
  unobserve() {}
  disconnect() {}
};

let complaints: MockInstance[] = [];

beforeEach(() => {
  complaints = [vi.spyOn(console, "warn"), vi.spyOn(console, "error")];
});

/** A warning is a fault of ours. */
afterEach(() => {
  const said = complaints
    .flatMap((complaint) => complaint.mock.calls.map(String))
    .filter((text) => !text.includes("Lit is in dev mode"));
  vi.restoreAllMocks();
  expect([]).toEqual(said);
});
