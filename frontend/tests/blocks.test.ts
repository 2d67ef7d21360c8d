import { render } from "lit";
import { describe, expect, test, vi } from "vitest";
import { block } from "../src/blocks/block.ts";
import type { InsightsFigure } from "../src/blocks/figure.ts";
import { tableBlock } from "../src/blocks/table.ts";
import type { Figure, Table } from "../src/contract.ts";
import { a, allFigures, aPage, blocksOf, HOSTILE, settled, shown, VIEWS, wordsOf } from "./sample.ts";

const table = blocksOf(VIEWS.cost).find((found): found is Table => found.kind === "table") as Table;

async function figureOnPage(figure: Figure, page = aPage()): Promise<InsightsFigure> {
  const host = shown(block(figure, page));
  const element = host.querySelector("insights-figure") as InsightsFigure;
  await settled();
  await vi.waitFor(() => expect(element.querySelector("svg")).not.toBeNull());
  return element;
}

const press = (node: Element | null, key: string) =>
  node?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));

describe("a table", () => {
  test("asks for the largest first, then turns round, and starts at the first page again", () => {
    const page = aPage();
    const host = shown(tableBlock({ ...table, sort: "slice" }, page));
    host.querySelectorAll<HTMLButtonElement>(".sort")[2]?.click();
    render(tableBlock({ ...table, sort: "-money" }, page), host);
    host.querySelectorAll<HTMLButtonElement>(".sort")[2]?.click();

    expect(page.change.mock.calls.map(([changes]) => changes)).toEqual([
      { "table.slices.sort": "-money", "table.slices.page": "" },
      { "table.slices.sort": "money", "table.slices.page": "" },
    ]);
  });

  test("asks for words from A first", () => {
    const page = aPage();
    shown(tableBlock(table, page)).querySelector<HTMLButtonElement>(".sort")?.click();

    expect(page.change).toHaveBeenCalledWith({ "table.slices.sort": "slice", "table.slices.page": "" });
  });

  test("tells readers how it is sorted, and offers no sorting where there is none", () => {
    const headings = [...shown(tableBlock(table, aPage())).querySelectorAll("thead th")];
    const fixed = shown(tableBlock(a("table", "artifact"), aPage()));

    expect(headings.map((heading) => heading.getAttribute("aria-sort"))).toEqual([
      "none",
      "none",
      "descending",
      "none",
      "none",
      "none",
    ]);
    expect(fixed.querySelectorAll("th[scope=row]").length).toBe(4);
  });

  test("turns pages and says which rows these are", () => {
    const page = aPage();
    const host = shown(tableBlock({ ...table, page: 1 }, page));
    const [back, on] = host.querySelectorAll<HTMLButtonElement>(".pager button");
    back?.click();
    on?.click();

    expect(wordsOf(host.querySelector(".pager") as Element)).toBe("26–50 of 65");
    expect(page.change.mock.calls.map(([changes]) => changes)).toEqual([
      { "table.slices.page": "" },
      { "table.slices.page": "2" },
    ]);
  });

  test("cannot turn before the first page or after the last", () => {
    const first = shown(tableBlock(table, aPage())).querySelectorAll<HTMLButtonElement>(".pager button");
    expect([...first].map((button) => button.disabled)).toEqual([true, false]);

    const last = shown(
      tableBlock({ ...table, page: 2, rows: table.rows.slice(0, 15) }, aPage()),
    ).querySelectorAll<HTMLButtonElement>(".pager button");
    expect([...last].map((button) => button.disabled)).toEqual([false, true]);
  });

  test("asks for a filter when typing rests, without a step for Back", () => {
    vi.useFakeTimers();
    const page = aPage();
    const input = shown(tableBlock(table, page)).querySelector("input") as HTMLInputElement;
    for (const text of ["m", "me", "men"]) {
      input.value = text;
      input.dispatchEvent(new Event("input"));
    }
    vi.runAllTimers();
    vi.useRealTimers();

    expect(page.change.mock.calls).toEqual([
      [{ "table.slices.filter": "men", "table.slices.page": "" }, { replace: true }],
    ]);
  });

  test("keeps its filter box when nothing is left, and says so", () => {
    const host = shown(
      tableBlock({ ...table, rows: [], total: 0, filter: "zzz", empty: "No slice has “zzz” in its name." }, aPage()),
    );

    expect(host.querySelector("input")?.value).toBe("zzz");
    expect(wordsOf(host)).toContain("No slice has “zzz” in its name.");
  });

  test("opens a row by its link, from anywhere in the row", () => {
    const page = aPage();
    const host = shown(tableBlock(table, page));
    host.querySelector<HTMLElement>("tbody tr td:nth-child(3)")?.click();
    host.querySelector<HTMLElement>("tbody tr a")?.click();

    expect(page.go).toHaveBeenCalledTimes(2);
    expect(host.querySelector("tbody tr a")?.getAttribute("href")).toBe("#to-slice-slice-0");
  });

  test("is opened by a name, never by the chip of a state", () => {
    const [row] = a("table").rows;
    const swapped = {
      ...a("table"),
      rows: row ? [{ ...row, cells: [...row.cells.slice(2), ...row.cells.slice(0, 2)] }] : [],
    };
    const host = shown(tableBlock(swapped, aPage()));

    expect(host.querySelector("tbody th .chip")).not.toBeNull();
    expect([...host.querySelectorAll("tbody a")].map(wordsOf)).toEqual([row?.cells[3]?.text]);
  });

  test("leaves a click for a new browser tab to the browser", () => {
    const page = aPage();
    const link = shown(tableBlock(table, page)).querySelector("tbody tr a") as HTMLElement;
    link.addEventListener("click", (event) => event.preventDefault());
    link.dispatchEvent(new MouseEvent("click", { ctrlKey: true, bubbles: false, cancelable: true }));

    expect(page.go).not.toHaveBeenCalled();
  });

  test("shows a state as word and shape, and names as text", () => {
    const host = shown(tableBlock(a("table"), aPage()));

    expect(wordsOf(host.querySelector(".chip.state-violated") as Element)).toBe("violated");
    expect(host.querySelector(".chip.state-violated svg rect")).not.toBeNull();
    expect(host.querySelector("img")).toBeNull();
    expect(wordsOf(host)).toContain(HOSTILE);
  });
});

describe("a figure", () => {
  test.each(allFigures().map((figure) => [figure.kind, figure] as const))(
    "%s has its words for those who do not see it",
    async (_, figure) => {
      const element = await figureOnPage(figure);
      const picture = element.querySelector("[role=img]");
      const details = element.querySelector("details") as HTMLDetailsElement;
      details.open = true;
      details.dispatchEvent(new Event("toggle")); // jsdom opens without saying so
      await element.updateComplete;

      expect(picture?.getAttribute("aria-label")).toBe(figure.alt);
      expect(element.querySelector("figure")?.getAttribute("aria-label")).toBe(figure.title);
      expect(wordsOf(element.querySelector("figcaption") as Element)).toBe(figure.title);
      expect(wordsOf(element)).toContain(figure.note);
      expect(element.querySelectorAll("details.numbers tbody tr").length).toBeGreaterThan(0);
      expect(picture?.querySelector("a, button, [tabindex]")).toBeNull(); // nothing to reach inside what is one image
    },
  );

  test("is one stop for Tab; arrow keys go from link to link, and Enter is the link's own", async () => {
    const page = aPage();
    const element = await figureOnPage(a("bars"), page);
    const hits = [...element.querySelectorAll<HTMLElement>(".hit")];
    hits[0]?.focus();
    press(hits[0] ?? null, "ArrowDown");
    await element.updateComplete;
    hits[1]?.click();

    expect(document.activeElement).toBe(hits[1]);
    expect(hits.map((hit) => hit.tabIndex)).toEqual([-1, 0, -1, -1, -1, -1]);
    expect(hits[1]?.getAttribute("aria-label")).toContain("brand: 0.64");
    expect(wordsOf(element.querySelector(".tip") as Element)).toContain("week 48");
    expect(page.go).toHaveBeenCalledWith(a("bars").bars[1]?.link);
  });

  test("reaches every corner of the triangle", async () => {
    const element = await figureOnPage(a("triangle"));
    const corners = [...element.querySelectorAll(".hit")].map((hit) => hit.getAttribute("aria-label")?.split("\n")[0]);

    expect(corners).toEqual(["Business realities: under strain", "Data: violated", "Model: held"]);
  });

  test("tells all series of a column under the pointer", async () => {
    const element = await figureOnPage(a("time_series"));
    element
      .querySelector(".canvas")
      ?.dispatchEvent(new MouseEvent("pointermove", { clientX: 790, clientY: 100, bubbles: true }));
    await element.updateComplete;

    expect(wordsOf(element.querySelector(".tip") as Element)).toMatch(/Week 2024-W52: EUR .*Expected: EUR/);
  });

  test("moves its threshold by the keyboard and asks when it is let go", async () => {
    const page = aPage();
    const element = await figureOnPage(a("curve", "cost"), page);
    const handle = element.querySelector<HTMLElement>("[role=slider]");
    expect(handle?.getAttribute("aria-valuetext")).toContain("Threshold 0.50");

    press(handle, "ArrowLeft");
    press(handle, "ArrowLeft");
    await element.updateComplete;
    expect(handle?.getAttribute("aria-valuetext")).toContain("Threshold 0.46");

    press(handle, "Enter");
    expect(page.change).toHaveBeenCalledWith({ threshold: "0.46" });
  });

  test("puts a threshold back where it was on Escape", async () => {
    const page = aPage();
    const element = await figureOnPage(a("curve", "cost"), page);
    const handle = element.querySelector<HTMLElement>("[role=slider]");
    press(handle, "End");
    await element.updateComplete;
    press(handle, "Escape");
    await element.updateComplete;

    expect(handle?.getAttribute("aria-valuenow")).toBe("0.5");
    expect(page.change).not.toHaveBeenCalled();
  });
});

test("every block of every page shows all words of its own", () => {
  const facts = a("facts");
  const words = wordsOf(shown(block(facts, aPage())));

  for (const { label, value, hint } of facts.items)
    for (const text of [label, value, hint]) expect(words).toContain(text);
  expect(wordsOf(shown(block(a("paragraph"), aPage())))).toBe(a("paragraph").text);
});
