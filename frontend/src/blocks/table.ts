/** One page of a table. Sorting, filtering and paging are questions to the server. */
import { html, nothing, type TemplateResult } from "lit";
import { stateChip } from "../chips.ts";
import type { Cell, Column, Row, Table } from "../contract.ts";
import { SIGNS } from "../icons.ts";
import { linked, type Page } from "../page.ts";

const SHORT = 24; // signs
const PAUSE = 300; // ms of quiet before what was typed is asked for

export function tableBlock(table: Table, page: Page): TemplateResult {
  const filterable = table.total > table.page_size || table.filter !== "";
  return html`<div class="table-block" aria-busy=${page.busy ? "true" : "false"}>
    <div class="table-head">
      <h3 id=${`table-${table.id}`}>${table.title}</h3>
      ${filterable ? filterBox(table, page) : nothing}
    </div>
    <div class="scroll" tabindex="0" role="region" aria-labelledby=${`table-${table.id}`}>
      <table class="data">
        <thead><tr>${table.columns.map((column) => heading(column, table, page))}</tr></thead>
        <tbody>
          ${
            table.rows.length === 0
              ? html`<tr><td class="no-rows" colspan=${table.columns.length}>${table.empty}</td></tr>`
              : table.rows.map((row) => bodyRow(row, table, page))
          }
        </tbody>
      </table>
    </div>
    ${
      table.note || table.total > table.page_size
        ? html`<div class="table-foot">${table.note ? html`<p class="note">${table.note}</p>` : nothing}${pager(table, page)}</div>`
        : nothing
    }
  </div>`;
}

function heading(column: Column, table: Table, page: Page): TemplateResult {
  const sorted = sortOf(table, column);
  const name = column.hint ? html`<span class="hinted" data-hint=${column.hint}>${column.title}</span>` : column.title;
  const spoken = column.hint ? `${column.title}. ${column.hint}` : nothing;
  return html`<th scope="col" class=${column.align} aria-sort=${column.sortable ? sorted : nothing}>
    ${
      column.sortable
        ? html`<button type="button" class="sort" aria-label=${spoken} @click=${() => page.change(sortChange(table, column))}>
          ${name}<span class="direction">${sorted === "ascending" ? SIGNS.up : SIGNS.down}</span>
        </button>`
        : html`<span class="unsorted">${name}</span>`
    }
  </th>`;
}

function sortOf(table: Table, column: Column): "ascending" | "descending" | "none" {
  if (table.sort === column.id) return "ascending";
  return table.sort === `-${column.id}` ? "descending" : "none";
}

/** Numbers are asked for largest first, words from A; a second click turns round. */
function sortChange(table: Table, column: Column): Record<string, string> {
  const [up, down] = [column.id, `-${column.id}`];
  const first = column.align === "right" ? down : up;
  const next = table.sort === first ? (first === up ? down : up) : first;
  return { [`table.${table.id}.sort`]: next, [`table.${table.id}.page`]: "" };
}

function bodyRow(row: Row, table: Table, page: Page): TemplateResult {
  const named = Math.max(
    0,
    row.cells.findIndex((cell) => cell.state === null),
  ); // a chip is no name to click on
  const cells = row.cells.map((cell, index) => {
    const link = index === named ? row.link : null;
    const look = `${table.columns[index]?.align ?? "left"} ${roomOf(cell)} tone-${cell.tone}`;
    const inner = bodyCell(cell, link, barKind(table, index), page);
    return index === 0 ? html`<th scope="row" class=${look}>${inner}</th>` : html`<td class=${look}>${inner}</td>`;
  });
  const looks = [row.emphasis ? "emphasis" : "", row.link ? "linked" : ""].join(" ");
  return html`<tr class=${looks} @click=${(event: MouseEvent) => openRow(event, row, page)}>${cells}</tr>`;
}

function bodyCell(cell: Cell, link: Row["link"], bar: BarKind, page: Page): TemplateResult {
  const content = cell.state ? stateChip(cell.state, cell.text) : html`<span dir="auto">${cell.text}</span>`;
  const hint = cell.hint ? html`<span class="hint" dir="auto">${cell.hint}</span>` : nothing;
  return html`${linked(content, link, page)}${hint}${cellBar(cell, bar)}`;
}

/** Numbers and short words stay on one line; names without a place to break may be broken anywhere. */
function roomOf({ text, state }: Cell): string {
  if (state !== null || text.length <= SHORT) return "short";
  return /\S{40}/.test(text) ? "unbroken" : "";
}

type BarKind = "signed" | "plain";

/** Where nothing is below zero, bars begin at the left and have all of the room. */
function barKind(table: Table, column: number): BarKind {
  return table.rows.some((row) => (row.cells[column]?.bar ?? 0) < 0) ? "signed" : "plain";
}

function cellBar({ bar, tone }: Cell, kind: BarKind): TemplateResult | typeof nothing {
  if (bar === null) return nothing;
  const share = Math.min(1, Math.abs(bar)) * (kind === "signed" ? 50 : 100);
  return html`<span class="cell-bar ${kind}" aria-hidden="true"
    ><span class="${bar < 0 ? "less" : "more"} tone-${tone}" style="width:${share}%"></span
  ></span>`;
}

/** The whole row opens what its first cell links to, unless text is being selected. */
function openRow(event: MouseEvent, row: Row, page: Page): void {
  const onControl = event.target instanceof Element && event.target.closest("a, button") !== null;
  if (!row.link || onControl || event.defaultPrevented || document.getSelection()?.toString()) return;
  page.go(row.link);
}

function filterBox(table: Table, page: Page): TemplateResult {
  const apply = (text: string) => {
    if (text !== table.filter)
      page.change({ [`table.${table.id}.filter`]: text, [`table.${table.id}.page`]: "" }, { replace: true });
  };
  return html`<label class="filter">
    ${SIGNS.search}<span class="unseen">Filter ${table.title}</span>
    <input
      type="search"
      placeholder="Filter"
      autocomplete="off"
      spellcheck="false"
      .value=${table.filter}
      @input=${(event: Event) => later(event.target as HTMLInputElement, apply)}
      @change=${(event: Event) => apply((event.target as HTMLInputElement).value)}
    />
  </label>`;
}

const pauses = new WeakMap<HTMLInputElement, number>();

function later(input: HTMLInputElement, apply: (text: string) => void): void {
  window.clearTimeout(pauses.get(input));
  pauses.set(
    input,
    window.setTimeout(() => apply(input.value), PAUSE),
  );
}

function pager(table: Table, page: Page): TemplateResult | typeof nothing {
  if (table.total <= table.page_size) return nothing;
  const first = table.page * table.page_size;
  const last = Math.min(table.total, first + table.rows.length);
  const to = (index: number) => page.change({ [`table.${table.id}.page`]: index === 0 ? "" : String(index) });
  return html`<nav class="pager" aria-label=${`Pages of ${table.title}`}>
    <span aria-live="polite">${first + 1}–${last} of ${table.total}</span>
    <button type="button" class="quiet" aria-label="Previous page" ?disabled=${table.page === 0} @click=${() => to(table.page - 1)}>${SIGNS.back}</button>
    <button type="button" class="quiet" aria-label="Next page" ?disabled=${last >= table.total} @click=${() => to(table.page + 1)}>${SIGNS.next}</button>
  </nav>`;
}
