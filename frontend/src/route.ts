/** Where we are: a tab's parameters, kept in the address of TensorBoard's own window. */
import type { Link } from "./contract.ts";

export type Tab = "insights_triangle" | "business_cost";
export type Params = Readonly<Record<string, string>>;

/** The page a tab opens with. */
export const HOME: Readonly<Record<Tab, Link["view"]>> = { insights_triangle: "insights", business_cost: "cost" };

/** What both tabs show together: choosing a run in one chooses it in the other. */
const SHARED = ["pipeline", "run", "reference", "model", "split", "values_scale"];

interface Address {
  tab: string;
  pairs: readonly (readonly [string, string])[];
}

/** Takes a location hash apart. TensorBoard's form: #tab&name=value&name=value, both sides percent-encoded. */
export function parse(hash: string): Address {
  const parts = hash.replace(/^#/, "").split("&").filter(Boolean);
  const tab = parts[0] !== undefined && !parts[0].includes("=") ? decode(parts[0]) : "";
  const pairs = parts.filter((part) => part.includes("=")).map(pair);
  return { tab, pairs };
}

/** The parameters of one tab, without their prefix. */
export function paramsOf(hash: string, tab: Tab): Params {
  const prefix = `p.${tab}.`;
  const own = parse(hash).pairs.filter(([name, value]) => name.startsWith(prefix) && value !== "");
  return Object.fromEntries(own.map(([name, value]) => [name.slice(prefix.length), value]));
}

/** The hash that shows `tab` with `params`; what other plugins keep there stays, the sibling tab follows the selection. */
export function hashFor(hash: string, tab: Tab, params: Params): string {
  const prefix = `p.${tab}.`;
  const kept = parse(hash).pairs.filter(([name]) => !name.startsWith(prefix) && !sharedWithSibling(name, tab));
  const sibling = siblingOf(tab);
  const own = Object.entries(params).filter(([, value]) => value !== "");
  const shared = own.filter(([name]) => SHARED.includes(name));
  const pairs = [
    ...own.map(([name, value]) => [prefix + name, value] as const),
    ...shared.map(([name, value]) => [`p.${sibling}.${name}`, value] as const),
    ...kept,
  ];
  return `#${[tab, ...pairs.map(([name, value]) => `${encode(name)}=${encode(value)}`)].join("&")}`;
}

/** Whether the hash names this tab. An empty one names whichever tab TensorBoard shows first, maybe us. */
export function isShown(hash: string, tab: Tab): boolean {
  const shown = parse(hash).tab;
  return shown === "" || shown === tab;
}

/** Which tab a link opens in. */
export function tabOf(link: Link): Tab {
  return link.view === "cost" ? "business_cost" : "insights_triangle";
}

/** The parameters a link leads to: the selection stays, what belonged to the page left behind goes. */
export function paramsFor(link: Link, from: Params): Params {
  const { pipeline = "", run = "", reference = "", model = "", threshold = "", split = "", values_scale = "" } = from;
  const isHome = HOME[tabOf(link)] === link.view;
  const keepsThreshold = link.view === "cost" || link.view === "slice";
  return {
    view: isHome ? "" : link.view,
    id: link.id,
    pipeline,
    run: link.run || run,
    reference,
    model,
    split,
    values_scale,
    threshold: keepsThreshold ? threshold : "",
    at: link.anchor,
  };
}

/** The query of a view: every parameter but `at`, which only scrolls; `view` is always said. */
export function queryOf(params: Params, tab: Tab): Params {
  const { at: _, view = HOME[tab], ...rest } = params;
  return Object.fromEntries(Object.entries({ view: view || HOME[tab], ...rest }).filter(([, value]) => value !== ""));
}

function siblingOf(tab: Tab): Tab {
  return tab === "insights_triangle" ? "business_cost" : "insights_triangle";
}

function sharedWithSibling(name: string, tab: Tab): boolean {
  return SHARED.some((key) => name === `p.${siblingOf(tab)}.${key}`);
}

function pair(part: string): readonly [string, string] {
  const cut = part.indexOf("=");
  return [decode(part.slice(0, cut)), decode(part.slice(cut + 1))];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // typed by hand: a lone % is what it is
  }
}

/** Also the characters that encodeURIComponent leaves but that some mailers cut addresses at. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}
