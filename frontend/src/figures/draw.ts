/** Draws a figure. Knows marks and scales, not metrics. */
import type { Figure } from "../contract.ts";
import { barNumbers, bars } from "./bars.ts";
import { curve } from "./curve.ts";
import { distribution, distributionNumbers } from "./distribution.ts";
import type { Drawing, Numbers } from "./drawing.ts";
import { heatMap, heatNumbers } from "./heat_map.ts";
import { lineageGraph, lineageNumbers } from "./lineage_graph.ts";
import { planeNumbers } from "./plane.ts";
import { rangePlot, rowsOf as rangeRows } from "./range_plot.ts";
import { rowNumbers } from "./rows.ts";
import { scatter, scatterNumbers } from "./scatter.ts";
import { timeSeries } from "./time_series.ts";
import { triangle, triangleNumbers } from "./triangle.ts";
import { verdictNumbers, verdictStrip } from "./verdict_strip.ts";
import { waterfall, rowsOf as waterfallRows } from "./waterfall.ts";

export function draw(figure: Figure, width: number): Drawing {
  switch (figure.kind) {
    case "time_series":
      return timeSeries(figure, width);
    case "bars":
      return bars(figure, width);
    case "waterfall":
      return waterfall(figure, width);
    case "curve":
      return curve(figure, width);
    case "heat_map":
      return heatMap(figure, width);
    case "distribution":
      return distribution(figure, width);
    case "range_plot":
      return rangePlot(figure, width);
    case "scatter":
      return scatter(figure, width);
    case "lineage_graph":
      return lineageGraph(figure, width);
    case "triangle":
      return triangle(figure, width);
    case "verdict_strip":
      return verdictStrip(figure, width);
  }
}

export function numbers(figure: Figure): Numbers {
  switch (figure.kind) {
    case "time_series":
      return planeNumbers(figure);
    case "curve":
      return planeNumbers(figure);
    case "bars":
      return barNumbers(figure);
    case "waterfall":
      return rowNumbers(figure.axis.label, waterfallRows(figure));
    case "range_plot":
      return rowNumbers(figure.axis.label, rangeRows(figure));
    case "heat_map":
      return heatNumbers(figure);
    case "distribution":
      return distributionNumbers(figure);
    case "scatter":
      return scatterNumbers(figure);
    case "lineage_graph":
      return lineageNumbers(figure);
    case "triangle":
      return triangleNumbers(figure);
    case "verdict_strip":
      return verdictNumbers(figure);
  }
}
