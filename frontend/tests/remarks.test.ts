import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Remarks } from "../src/contract.ts";
import { InsightsRemarks } from "../src/remarks.ts";
import { settled, VIEWS, wordsOf } from "./sample.ts";

if (!customElements.get("insights-remarks")) customElements.define("insights-remarks", InsightsRemarks);

const REMARKS = VIEWS.insights.remarks as Remarks;
const sent: { path: string; headers: Headers; body: unknown }[] = [];
let answer: () => Response;

beforeEach(() => {
  sent.length = 0;
  answer = () => new Response("{}");
  vi.stubGlobal("fetch", async (address: string, options: RequestInit = {}) => {
    sent.push({ path: address, headers: new Headers(options.headers), body: JSON.parse(String(options.body)) });
    return answer();
  });
});

afterEach(() => {
  document.body.replaceChildren();
  vi.unstubAllGlobals();
});

async function aForm(parts: Partial<Remarks> = {}): Promise<InsightsRemarks> {
  const form = document.createElement("insights-remarks") as InsightsRemarks;
  form.remarks = { ...REMARKS, ...parts };
  [form.pipeline, form.run, form.period] = ["shoes", "run-3", "23 Dec 2024"];
  document.body.append(form);
  await settled();
  return form;
}

const radio = (form: Element, id: string) => form.querySelector(`input[value="${id}"]`) as HTMLInputElement;
const box = (form: Element, id: string) => form.querySelector(`#${id}`) as HTMLTextAreaElement;
const forms = (form: Element) => [...form.querySelectorAll("form")] as [HTMLFormElement, HTMLFormElement];
const told = (form: Element) => [...form.querySelectorAll("[role=status]")].map(wordsOf);

async function choose(form: InsightsRemarks, id: string): Promise<void> {
  radio(form, id).checked = true;
  radio(form, id).dispatchEvent(new Event("change"));
  await settled();
}

async function write(form: InsightsRemarks, id: string, text: string): Promise<void> {
  box(form, id).value = text;
  box(form, id).dispatchEvent(new Event("input"));
  await settled();
}

async function submit(form: HTMLFormElement): Promise<void> {
  form.dispatchEvent(new Event("submit", { cancelable: true }));
  await settled();
}

describe("a person's words", () => {
  test("are shown as they were kept, and nothing of them is markup", async () => {
    const form = await aForm();

    expect([radio(form, "data").checked, box(form, "remark-note").value, box(form, "remark-words").value]).toEqual([
      true,
      REMARKS.note,
      REMARKS.words,
    ]);
    expect(form.querySelectorAll("img, script").length).toBe(0);
    expect(told(form)).toEqual(["Recorded", "Kept"]);
  });

  test("have names for every control, and say what is the matter with each", async () => {
    const form = await aForm();

    for (const area of form.querySelectorAll("textarea")) {
      expect(wordsOf(form.querySelector(`label[for="${area.id}"]`) as Element)).not.toBe("");
      expect(document.getElementById(area.getAttribute("aria-describedby") ?? "")).not.toBeNull();
    }
    expect([...form.querySelectorAll("input")].map((input) => wordsOf(input.closest("label") as Element))).toEqual(
      REMARKS.causes.map(({ text }) => text),
    );
    expect(wordsOf(form.querySelector("fieldset legend") as Element)).toBe("What did it turn out to be?");
  });

  test("a recorded cause is sent with the header that strangers cannot send", async () => {
    const form = await aForm();
    const kept = vi.fn();
    form.addEventListener("kept", kept);
    await choose(form, "model");
    await write(form, "remark-note", "a bad retrain");
    expect(told(form)[0]).toBe("Not kept yet.");
    await submit(forms(form)[0]);

    expect(sent.map(({ path, body }) => [path, body])).toEqual([
      ["./confirm", { pipeline: "shoes", run: "run-3", cause: "model", note: "a bad retrain" }],
    ]);
    expect([sent[0]?.headers.get("X-Insights"), sent[0]?.headers.get("Content-Type")]).toEqual([
      "1",
      "application/json",
    ]);
    expect([told(form)[0], kept.mock.calls.length]).toEqual(["Kept.", 1]);
  });

  test("words are sent by Ctrl and Enter", async () => {
    const form = await aForm();
    await write(form, "remark-words", "Headline: mended");
    box(form, "remark-words").dispatchEvent(
      new KeyboardEvent("keydown", { key: "Enter", ctrlKey: true, bubbles: true }),
    );
    await settled();

    expect(sent.map(({ path, body }) => [path, body])).toEqual([
      ["./words", { pipeline: "shoes", run: "run-3", words: "Headline: mended" }],
    ]);
  });

  test("nothing is sent that did not change", async () => {
    const form = await aForm();

    expect([...form.querySelectorAll("button")].map((button) => button.disabled)).toEqual([true, true]);
  });

  test("what could not be kept is told, and stays written", async () => {
    answer = () =>
      new Response(JSON.stringify({ error: "Disk full.", remedy: "Make room.", scanning: false }), { status: 500 });
    const form = await aForm();
    await write(form, "remark-words", "Mended.");
    await submit(forms(form)[1]);

    expect(wordsOf(form.querySelector("[role=alert]") as Element)).toBe("Disk full. Make room.");
    expect(box(form, "remark-words").value).toBe("Mended.");
  });

  test("being written survive that the page is read again, and not that another run is shown", async () => {
    const form = await aForm();
    await write(form, "remark-words", "Half a sent");
    form.remarks = { ...REMARKS, cause: "business" };
    await settled();
    expect([box(form, "remark-words").value, radio(form, "business").checked]).toEqual(["Half a sent", true]);

    form.run = "run-4";
    form.remarks = { ...REMARKS, words: "" };
    await settled();
    expect(box(form, "remark-words").value).toBe("");
  });

  test("that cannot be read are told", async () => {
    const form = await aForm({ words: "", fault: "The note is no text in UTF-8." });

    expect(wordsOf(form.querySelector("[role=alert]") as Element)).toContain("The note is no text in UTF-8.");
  });
});
