/** Lines over the periods of the runs, with bands, intervals and what happened. */
import type { TimeSeries } from "../contract.ts";
import type { Drawing } from "./drawing.ts";
import { drawPlane } from "./plane.ts";

export function timeSeries(figure: TimeSeries, width: number): Drawing {
  return drawPlane(figure, { width, height: width > 900 ? 300 : 260, dots: true });
}
