/** Names for the parts of the generated contract that the structs spell only in place. */
import type { Facts, Paragraph, Section, Table, Value } from "./view.gen.ts";

export type Block = Section["blocks"][number];
export type Figure = Exclude<Block, Facts | Paragraph | Table>;
export type Tone = Value["tone"];
export type State = NonNullable<Section["state"]>;
export type CornerName = NonNullable<Section["corner"]>;
export * from "./view.gen.ts";
