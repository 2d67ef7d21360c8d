/** Views to test with, and the page they are shown on. */
import { readFileSync } from "node:fs";
import { render, type TemplateResult } from "lit";
import { type Mock, vi } from "vitest";
import type { Block, Figure, View } from "../src/contract.ts";
import type { Page } from "../src/page.ts";

export const HOSTILE = "</script><img src=x onerror=alert(1)>";

type Name = "insights" | "cost" | "feature" | "slice" | "artifact" | "empty" | "unsure";

export const VIEWS = JSON.parse(readFileSync("node_modules/.cache/sample.json", "utf8")) as Readonly<
  Record<Name, View>
>;

export function blocksOf(view: View): Block[] {
  return view.sections.flatMap((section) => section.blocks);
}

export function allFigures(): Figure[] {
  return Object.values(VIEWS)
    .flatMap(blocksOf)
    .filter((block) => block.kind !== "table" && block.kind !== "facts" && block.kind !== "paragraph");
}

/** The first block of a kind on a page. */
export function a<K extends Block["kind"]>(kind: K, name: Name = "insights"): Extract<Block, { kind: K }> {
  const found = blocksOf(VIEWS[name]).find((block) => block.kind === kind);
  if (!found) throw new Error(`The sample ${name} has no ${kind}.`);
  return found as Extract<Block, { kind: K }>;
}

export function aPage(parts: Partial<Page> = {}): Page & { go: Mock; change: Mock } {
  const address: Page["address"] = (link) => `#to-${link.view}-${link.id}`;
  return {
    view: VIEWS.insights,
    params: {},
    tab: "insights_triangle",
    busy: false,
    address,
    ...parts,
    go: vi.fn(),
    change: vi.fn(),
  };
}

/** What a template shows. */
export function shown(template: TemplateResult): HTMLElement {
  const host = document.createElement("div");
  document.body.replaceChildren(host);
  render(template, host);
  return host;
}

/** Its words, white space put together. */
export function wordsOf(node: Element): string {
  return (node.textContent ?? "").replace(/\s+/g, " ").trim();
}

/** Waits until Lit and the promises under way have settled. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setTimeout(resolve, 0));
}
