import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import "../src/app.ts";
import type { InsightsApp } from "../src/app.ts";
import type { Problem, View } from "../src/contract.ts";
import type { Host } from "../src/host.ts";
import type { Tab } from "../src/route.ts";
import { HOSTILE, settled, VIEWS, wordsOf } from "./sample.ts";

type Answer = View | Problem | object;

const asked: { path: string; query: Record<string, string>; body: unknown }[] = [];
let answers: Record<string, (query: Record<string, string>) => Answer | Promise<Answer>> = {};
let hash = "";
let heard: (() => void)[] = [];

const host: Host = {
  hash: () => hash,
  show: (next) => {
    hash = next;
    for (const listener of heard) listener();
  },
  address: (to) => `http://localhost:6006/${to}`,
  onChange: (listener) => heard.push(listener),
  body: () => document.body,
};

const problem = (error: string, parts: Partial<Problem> = {}): Problem => ({
  error,
  remedy: "",
  scanning: false,
  ...parts,
});

beforeEach(() => {
  asked.length = 0;
  heard = [];
  hash = "";
  answers = {
    view: () => VIEWS.insights,
    status: () => ({ scanning: false, scanned: true, generation: 1, progress: "" }),
  };
  vi.stubGlobal("fetch", async (address: string, options: RequestInit = {}) => {
    const url = new URL(address, "http://localhost:6006/data/plugin/x/");
    const path = url.pathname.split("/").at(-1) ?? "";
    const query = Object.fromEntries(url.searchParams);
    asked.push({ path, query, body: options.body ? JSON.parse(String(options.body)) : null });
    const answer = await answers[path]?.(query);
    if (answer === undefined) throw new TypeError("Failed to fetch");
    return new Response(JSON.stringify(answer), { status: "error" in answer && path === "view" ? 404 : 200 });
  });
});

afterEach(() => {
  document.body.replaceChildren();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function open(tab: Tab = "insights_triangle"): Promise<InsightsApp> {
  const app = document.createElement("insights-app") as InsightsApp;
  app.tab = tab;
  app.host = host;
  document.body.append(app);
  await settled();
  return app;
}

const views = () => asked.filter(({ path }) => path === "view").map(({ query }) => query);
const button = (app: Element, name: string) =>
  [...app.querySelectorAll("button")].find((found) => wordsOf(found).startsWith(name));

function choose(app: Element, name: string, id: string): void {
  const label = [...app.querySelectorAll(".picker")].find((found) => wordsOf(found).startsWith(name));
  const select = label?.querySelector("select") as HTMLSelectElement;
  select.value = id;
  select.dispatchEvent(new Event("change"));
}

describe("a page", () => {
  test("says every word of its headline", async () => {
    const words = wordsOf(await open());
    const { headline } = VIEWS.insights;

    for (const text of [
      headline?.sentence,
      headline?.money.text,
      headline?.money.interval_text,
      headline?.change.text,
      headline?.severity.name,
      headline?.severity.sentence,
      headline?.severity.could_be,
      headline?.confidence,
      headline?.confidence_reason,
      headline?.since,
      headline?.next_action,
      ...(headline?.how ?? []).flatMap(({ label, value, hint }) => [label, value, hint]),
    ]) {
      expect(words).toContain(text);
    }
  });

  test.each(Object.entries(VIEWS))(
    "%s says the title and lead of every section, every notice and every fact below",
    async (_, view) => {
      answers.view = () => view;
      const words = wordsOf(await open());
      const texts = [
        view.title,
        view.subtitle,
        ...view.sections.flatMap(({ title, lead, state_text }) => [title, lead, state_text]),
        ...view.notices.flatMap(({ text, remedy }) => [text, remedy]),
        ...view.footer.flatMap(({ label, value }) => [label, value]),
      ];

      expect(texts.filter((text) => !words.includes(text.replace(/\s+/g, " ").trim()))).toEqual([]);
    },
  );

  test("has one first heading, sections with names, and no markup from artifacts", async () => {
    const app = await open();

    expect(app.querySelectorAll("h1").length).toBe(1);
    expect(
      [...app.querySelectorAll("section")].filter(
        (section) => !document.getElementById(section.getAttribute("aria-labelledby") ?? ""),
      ),
    ).toEqual([]);
    expect(app.querySelectorAll("img, script, iframe").length).toBe(0);
    expect(wordsOf(app)).toContain(HOSTILE);
  });

  test("gives every control a name", async () => {
    const app = await open();
    const nameless = [...app.querySelectorAll("button, a, select, input, [role=slider], [role=region], nav")].filter(
      (control) =>
        !(
          control.getAttribute("aria-label") ||
          control.getAttribute("aria-labelledby") ||
          wordsOf((control as HTMLInputElement).labels?.[0] ?? control.closest("label") ?? control)
        ),
    );

    expect(nameless.map((control) => control.outerHTML.slice(0, 80))).toEqual([]);
  });

  test("an empty log directory is a sentence and what to do", async () => {
    answers.view = () => VIEWS.empty;
    const app = await open();

    expect(wordsOf(app.querySelector("h1") as Element)).toBe("No TFX runs under runs/");
    expect(app.querySelector("insights-export, .pickers select")).toBeNull();
  });
});

describe("the address", () => {
  test("is followed on a cold link", async () => {
    hash =
      "#insights_triangle&p.insights_triangle.view=feature&p.insights_triangle.id=a%2Fb&p.insights_triangle.table.data.page=2";
    await open();

    expect(views()).toEqual([{ view: "feature", id: "a/b", "table.data.page": "2" }]);
  });

  test("of the Business Cost tab names the cost page", async () => {
    hash = "#business_cost";
    await open("business_cost");

    expect(views()).toEqual([{ view: "cost" }]);
  });

  test("of another tab is none of ours", async () => {
    hash = "#business_cost&p.insights_triangle.run=3";
    await open();
    expect(asked).toEqual([]);

    host.show("#insights_triangle&p.insights_triangle.run=3");
    await settled();
    expect(views()).toEqual([{ view: "insights", run: "3" }]);
  });

  test("changes with the pickers; a new run turns tables back to their first page", async () => {
    hash = "#insights_triangle&p.insights_triangle.table.data.page=2&p.insights_triangle.table.data.sort=money";
    const app = await open();
    choose(app, "Run", "run-3");
    await settled();

    expect(views().at(-1)).toEqual({ view: "insights", run: "run-3", "table.data.sort": "money" });
    expect(hash).toContain("p.business_cost.run=run-3");
  });

  test("forgets everything else when another pipeline is chosen", async () => {
    hash = "#insights_triangle&p.insights_triangle.run=run-3&p.insights_triangle.view=feature&p.insights_triangle.id=x";
    const app = await open();
    choose(app, "Pipeline", "taxi");
    await settled();

    expect(views().at(-1)).toEqual({ view: "insights", pipeline: "taxi" });
  });

  test("is not asked for again when only the place on the page changes", async () => {
    const app = await open();
    button(app, "Data")?.click();
    await settled();

    expect(hash).toBe("#insights_triangle&p.insights_triangle.at=data");
    expect(views().length).toBe(1);
    expect(document.activeElement?.id).toBe("section-data-title");
  });

  test("leads from a cost page's slice to the Insights tab, complete for a new window", async () => {
    answers.view = () => VIEWS.cost;
    hash = "#business_cost&p.business_cost.run=run-3";
    const app = await open("business_cost");
    const link = app.querySelector<HTMLAnchorElement>("tbody tr a");
    expect(link?.getAttribute("href")).toMatch(/^http:\/\/localhost:6006\/#insights_triangle&/);

    link?.click();
    expect(hash).toContain(
      "p.insights_triangle.view=slice&p.insights_triangle.id=slice-0&p.insights_triangle.run=run-3",
    );
  });
});

describe("waiting and trouble", () => {
  test("the first scan is waited for", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    let scanning = true;
    answers.status = () => ({ scanning: true, scanned: false, generation: 0, progress: "Reading run 3 of 17" });
    answers.view = () =>
      scanning ? problem("The log directory is being read for the first time.", { scanning: true }) : VIEWS.insights;
    const app = document.createElement("insights-app") as InsightsApp;
    app.host = host;
    document.body.append(app);
    await vi.advanceTimersByTimeAsync(50);
    expect(wordsOf(app)).toBe("The log directory is being read for the first time.Reading run 3 of 17");

    scanning = false;
    await vi.advanceTimersByTimeAsync(1100);
    expect(wordsOf(app.querySelector("h1") as Element)).toBe("Insights Triangle");
  });

  test("a refusal is a sentence, a remedy and a way on", async () => {
    hash = "#insights_triangle&p.insights_triangle.id=gone&p.insights_triangle.view=feature";
    answers.view = ({ id }) =>
      id ? problem(`There is no feature ${HOSTILE}.`, { remedy: "Choose one from the tables." }) : VIEWS.insights;
    const app = await open();
    expect(wordsOf(app.querySelector("[role=alert]") as Element)).toContain(
      `There is no feature ${HOSTILE}. Choose one from the tables.`,
    );

    button(app, "Open Insights Triangle")?.click();
    await settled();
    expect(wordsOf(app.querySelector("h1") as Element)).toBe("Insights Triangle");
  });

  test("silence from TensorBoard leaves the page standing, says so, and ends by itself", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "setTimeout", "clearTimeout"] });
    const app = document.createElement("insights-app") as InsightsApp;
    app.host = host;
    document.body.append(app);
    await vi.advanceTimersByTimeAsync(50);
    const status = answers.status;
    delete answers.status;
    await vi.advanceTimersByTimeAsync(10_100);
    expect(wordsOf(app)).toContain("TensorBoard does not answer.");
    expect(wordsOf(app)).toContain(VIEWS.insights.headline?.sentence);

    answers.status = status as (typeof answers)["status"];
    await vi.advanceTimersByTimeAsync(10_100);
    expect(wordsOf(app)).not.toContain("TensorBoard does not answer.");
  });

  test("another version of the contract asks for a reload", async () => {
    answers.view = () => ({ ...VIEWS.insights, schema_version: 999 });

    expect(wordsOf(await open())).toContain("Reload the page.");
  });

  test("an answer that is no noun of ours is told as what it is", async () => {
    answers.view = () => ({ error: 7 });

    expect(wordsOf(await open())).toContain("TensorBoard answered 404");
  });

  test("an old answer never overwrites a newer one", async () => {
    const slow: { answer?: (view: View) => void } = {};
    answers.view = ({ run }) =>
      run === "slow"
        ? new Promise<View>((resolve) => Object.assign(slow, { answer: resolve }))
        : { ...VIEWS.insights, title: `run ${run}` };
    hash = "#insights_triangle&p.insights_triangle.run=slow";
    const app = await open();
    host.show("#insights_triangle&p.insights_triangle.run=quick");
    await settled();
    slow.answer?.({ ...VIEWS.insights, title: "too late" });
    await settled();

    expect(wordsOf(app.querySelector("h1") as Element)).toBe("run quick");
  });

  test("new runs are shown without being asked for", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "setTimeout", "clearTimeout"] });
    const app = document.createElement("insights-app") as InsightsApp;
    app.host = host;
    document.body.append(app);
    await vi.advanceTimersByTimeAsync(50);
    answers.view = () => ({ ...VIEWS.insights, title: "newer" });
    await vi.advanceTimersByTimeAsync(10_100);
    expect(wordsOf(app.querySelector("h1") as Element)).toBe("Insights Triangle");

    answers.status = () => ({ scanning: true, scanned: true, generation: 2, progress: "Reading run 3 of 17" });
    await vi.advanceTimersByTimeAsync(10_100);
    expect(wordsOf(app.querySelector("h1") as Element)).toBe("newer");
    expect(wordsOf(app)).toContain("Reading run 3 of 17");
  });

  test("what is being read is told to the second, and forgotten as soon as it is read", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "setTimeout", "clearTimeout"] });
    answers.status = () => ({ scanning: true, scanned: true, generation: 1, progress: "Reading the rows" });
    const app = document.createElement("insights-app") as InsightsApp;
    app.host = host;
    document.body.append(app);
    await vi.advanceTimersByTimeAsync(50);
    expect(wordsOf(app)).toContain("Reading the rows");

    answers.status = () => ({ scanning: false, scanned: true, generation: 2, progress: "" });
    const before = views().length;
    await vi.advanceTimersByTimeAsync(1100);
    expect(wordsOf(app)).not.toContain("Reading the rows");
    expect(views().length).toBe(before + 1);
    await vi.advanceTimersByTimeAsync(5000);
    expect(asked.filter(({ path }) => path === "status").length).toBe(2);
  });
});

describe("a person's words", () => {
  test("are asked for where the view lets them be written, and the page is read again when they are kept", async () => {
    const app = await open();
    const [before, nav] = [views().length, wordsOf(app.querySelector(".contents") as Element)];
    app.querySelector("insights-remarks")?.dispatchEvent(new CustomEvent("kept", { bubbles: true }));
    await settled();

    expect(nav).toContain("Your words");
    expect(views().length).toBe(before + 1);
  });

  test("have no place on a page without a run of its own", async () => {
    answers.view = () => VIEWS.cost;
    const app = await open("business_cost");

    expect(app.querySelector("insights-remarks")).toBeNull();
  });
});

describe("the export", () => {
  const follow = (...states: object[]) => {
    answers.export = () => ({ job: "7" });
    answers.export_status = () => states.shift() ?? { state: "done", progress: "", error: "" };
    answers.export_cancel = () => ({ state: "failed", progress: "", error: "" });
  };

  test("sends what is shown, tells how far it is and hands over the file", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const clicked = vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(() => {});
    hash = "#insights_triangle&p.insights_triangle.run=run-3&p.insights_triangle.at=data";
    follow({ state: "running", progress: "Page 2 of 8", error: "" });
    const app = document.createElement("insights-app") as InsightsApp;
    app.host = host;
    document.body.append(app);
    await vi.advanceTimersByTimeAsync(50);
    button(app, "Export PDF")?.click();
    await vi.advanceTimersByTimeAsync(50);
    expect(wordsOf(app)).toContain("Page 2 of 8");

    await vi.advanceTimersByTimeAsync(1100);
    expect(asked.find(({ path }) => path === "export")?.body).toEqual({ view: "insights", run: "run-3" });
    expect(app.querySelector("a[download]")?.getAttribute("href")).toBe("./export_file?job=7");
    expect(clicked).toHaveBeenCalledOnce();
  });

  test("takes form, length and paper, and forgets what a form has not", async () => {
    const app = await open();
    const pick = async (id: string, value: string) => {
      const select = app.querySelector(`#export-${id}`) as HTMLSelectElement;
      select.value = value;
      select.dispatchEvent(new Event("change"));
      await settled();
    };
    const bodies = () => asked.filter(({ path }) => path === "export").map(({ body }) => body);
    for (const form of ["html", "markdown"]) {
      follow({ state: "failed", progress: "", error: "Stop." });
      (app.querySelector(".more") as HTMLElement).click();
      await settled();
      await pick("length", "full");
      await pick("paper", "Letter");
      await pick("format", form);
      button(app, form === "html" ? "Export HTML" : "Export Markdown")?.click();
      await settled();
    }

    expect(bodies()).toEqual([
      { view: "insights", format: "html", length: "full", paper: "Letter" },
      { view: "insights", format: "markdown" },
    ]);
    expect(app.querySelector(".options")).toBeNull();
  });

  test("closes its options at Escape and gives the focus back", async () => {
    const app = await open();
    const more = app.querySelector(".more") as HTMLElement;
    more.click();
    await settled();
    expect(more.getAttribute("aria-expanded")).toBe("true");
    app.querySelector("#export-paper")?.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
    await settled();

    expect([app.querySelector(".options"), document.activeElement]).toEqual([null, more]);
  });

  test("can be cancelled", async () => {
    follow({ state: "running", progress: "Page 1 of 8", error: "" });
    const app = await open();
    button(app, "Export PDF")?.click();
    await settled();
    button(app, "Cancel")?.click();
    await settled();

    expect(asked.at(-1)).toEqual({ path: "export_cancel", query: {}, body: { job: "7" } });
    expect(button(app, "Export PDF")?.disabled).toBe(false);
  });

  test("says why it failed", async () => {
    follow({ state: "failed", progress: "", error: "WeasyPrint is not installed." });
    const app = await open();
    button(app, "Export PDF")?.click();
    await settled();

    expect(wordsOf(app)).toContain("WeasyPrint is not installed.");
  });
});
