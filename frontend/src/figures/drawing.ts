/** What drawing a figure gives: a picture, and the places in it that answer to pointer and keyboard. */
import type { Figure, Link } from "../contract.ts";

/** A place in the picture (pixels) with its words; one with a link can be followed. */
export interface Target {
  x: number;
  y: number;
  text: string;
  link?: Link | null | undefined;
  /** Size of what is there, when it is more than a dot. */
  width?: number;
  height?: number;
  round?: boolean;
}

export interface LegendItem {
  name: string;
  shape: "line" | "dot" | "area" | "bar" | "tick" | "level" | "hatch";
  /** Class that gives colour and dash, the same as in the picture. */
  look: string;
}

/** The mark that may be moved along x, and where it can stop. */
export interface Handle {
  name: string;
  stops: readonly { x: number; value: number; text: string }[];
  at: number;
  top: number;
  bottom: number;
}

export interface Drawing {
  node: Element;
  targets: readonly Target[];
  /** Which targets the pointer finds: the nearest one, or all of the nearest column or row. */
  near: "point" | "column" | "row";
  legend: readonly LegendItem[];
  /** Annotations that found no room in the picture: their number there, their words below. */
  notes: readonly { mark: string; text: string }[];
  handle?: Handle;
}

/** The numbers of a figure as a table of texts, for readers who do not see the picture. */
export interface Numbers {
  head: readonly string[];
  rows: readonly (readonly string[])[];
}

export type Draw<F extends Figure> = (figure: F, width: number) => Drawing;

export const picture = (node: Element, parts: Partial<Drawing> = {}): Drawing => ({
  node,
  targets: [],
  near: "point",
  legend: [],
  notes: [],
  ...parts,
});
