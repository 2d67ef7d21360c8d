/** Entry of the tab insights_triangle: TensorBoard imports this module and calls render(). */
import { start } from "./app.ts";

export function render(): void {
  start("insights_triangle");
}
