/** The HTTP routes of our own plugin, relative to the frame's base. Every answer is a noun of the contract or a Problem. */
import { type Problem, SCHEMA_VERSION, type View } from "./contract.ts";
import type { Params } from "./route.ts";

export interface Status {
  scanning: boolean;
  scanned: boolean;
  generation: number;
  /** What is being read, in words. */
  progress: string;
}

export interface ExportStatus {
  state: "running" | "done" | "failed";
  progress: string;
  error: string;
}

/** TensorBoard itself does not answer: stopped, or the network is gone. */
export class Unreachable extends Error {}

/** The back end speaks another version of the contract than this page. */
export class Outdated extends Error {}

/** The back end answered with a Problem: a sentence and a remedy. */
export class Refused extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.error);
    this.problem = problem;
  }
}

export async function readView(query: Params, signal: AbortSignal): Promise<View> {
  const view = (await ask(`./view?${new URLSearchParams(query)}`, { signal })) as View;
  if (view.schema_version !== SCHEMA_VERSION) throw new Outdated();
  return view;
}

export async function readStatus(): Promise<Status> {
  return (await ask("./status")) as Status;
}

export async function startExport(query: Params): Promise<string> {
  return ((await post("./export", query)) as { job: string }).job;
}

/** Records what a run's verdict turned out to be. */
export async function keepCause(pipeline: string, run: string, cause: string, note: string): Promise<void> {
  await post("./confirm", { pipeline, run, cause, note });
}

/** Keeps a person's words for the report of a run. */
export async function keepWords(pipeline: string, run: string, words: string): Promise<void> {
  await post("./words", { pipeline, run, words });
}

export async function readExport(job: string): Promise<ExportStatus> {
  return (await ask(`./export_status?${new URLSearchParams({ job })}`)) as ExportStatus;
}

export async function cancelExport(job: string): Promise<void> {
  await post("./export_cancel", { job });
}

export function exportAddress(job: string): string {
  return `./export_file?${new URLSearchParams({ job })}`;
}

function post(address: string, body: Params): Promise<unknown> {
  const headers = { "Content-Type": "application/json", "X-Insights": "1" };
  return ask(address, { method: "POST", headers, body: JSON.stringify(body) });
}

async function ask(address: string, options: RequestInit = {}): Promise<unknown> {
  const response = await fetch(address, options).catch((cause: unknown) => {
    if (options.signal?.aborted) throw cause;
    throw new Unreachable(address, { cause });
  });
  const answer: unknown = await response.json().catch(() => null);
  if (response.ok && answer !== null) return answer;
  throw new Refused(isProblem(answer) ? answer : unexplained(response));
}

function isProblem(answer: unknown): answer is Problem {
  return typeof answer === "object" && answer !== null && typeof (answer as Problem).error === "string";
}

function unexplained(response: Response): Problem {
  const error = `TensorBoard answered ${response.status} ${response.statusText}`.trim();
  return {
    error: `${error}.`,
    remedy: "The reason is in the terminal that TensorBoard was started from.",
    scanning: false,
  };
}

/** What to tell about an error of these questions; anything else is a fault of ours and goes on. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Refused) return error.problem;
  if (error instanceof Unreachable)
    return { error: "TensorBoard does not answer.", remedy: "Is it still running?", scanning: false };
  throw error;
}
