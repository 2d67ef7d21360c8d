/** y against a continuous x: ROC, precision and recall, calibration, cost by threshold. */
import type { Curve } from "../contract.ts";
import type { Drawing } from "./drawing.ts";
import { drawPlane } from "./plane.ts";

export function curve(figure: Curve, width: number): Drawing {
  return drawPlane(figure, { width, height: Math.round(Math.min(360, Math.max(260, width * 0.72))), dots: false });
}
