/** What is shown, and what else could be. */
import { html, nothing, type TemplateResult } from "lit";
import type { Choice } from "./contract.ts";
import type { Page } from "./page.ts";

const USUAL: Choice = { id: "", text: "largest split", hint: "", enabled: true };

export function pickers(page: Page): TemplateResult {
  const { selection } = page.view;
  const { pipelines, runs, references, models, thresholds, splits } = selection;
  return html`<form class="pickers" role="group" aria-label="What is shown" @submit=${(event: Event) => event.preventDefault()}>
    ${pipelines.length > 1 ? picker("Pipeline", pipelines, selection.pipeline, (id) => page.change(onlyPipeline(page, id))) : nothing}
    ${picker("Run", runs, selection.run, (id) => page.change({ ...turned(page), run: id }))}
    ${picker("Compared with", references, selection.reference, (id) => page.change({ ...turned(page), reference: id }))}
    ${models.length > 1 ? picker("Model", models, selection.model, (id) => page.change({ ...turned(page), model: id })) : nothing}
    ${splits.length > 0 ? picker("Statistics", [USUAL, ...splits], selection.split, (id) => page.change({ ...turned(page), split: id })) : nothing}
    ${thresholds.length > 0 ? picker("Threshold", thresholds, selection.threshold, (id) => page.change({ threshold: id })) : nothing}
    ${page.view.assumption ? html`<insights-assumption .assumption=${page.view.assumption} .page=${page}></insights-assumption>` : nothing}
  </form>`;
}

function picker(
  name: string,
  choices: readonly Choice[],
  chosen: string,
  choose: (id: string) => void,
): TemplateResult | typeof nothing {
  if (choices.length === 0) return nothing;
  const id = `picker-${name.toLowerCase().replaceAll(" ", "-")}`;
  const hint = choices.find((choice) => choice.id === chosen)?.hint ?? "";
  return html`<div class="picker" title=${hint || nothing}>
    <label for=${id}>${name}</label>
    <select id=${id} @change=${(event: Event) => choose((event.target as HTMLSelectElement).value)} ?disabled=${choices.length === 1 && chosen !== ""}>
      ${chosen === "" && !choices.some(({ id }) => id === "") ? html`<option value="" selected>Choose</option>` : nothing}
      ${choices.map((choice) => option(choice, chosen))}
    </select>
  </div>`;
}

/** A choice that cannot be taken says why. */
function option(choice: Choice, chosen: string): TemplateResult {
  const text = !choice.enabled && choice.hint ? `${choice.text} (${choice.hint})` : choice.text;
  return html`<option value=${choice.id} ?disabled=${!choice.enabled} .selected=${choice.id === chosen}>${text}</option>`;
}

/** Another pipeline has other runs, features and tables: nothing else is kept. */
function onlyPipeline(page: Page, pipeline: string): Record<string, string> {
  return { ...Object.fromEntries(Object.keys(page.params).map((name) => [name, ""])), pipeline };
}

/** Other rows mean that tables start again at their first page. */
function turned(page: Page): Record<string, string> {
  const pages = Object.keys(page.params).filter((name) => name === "at" || /^table\..*\.page$/.test(name));
  return Object.fromEntries(pages.map((name) => [name, ""]));
}
