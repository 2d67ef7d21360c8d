/** Entry of the tab business_cost: TensorBoard imports this module and calls render(). */
import { start } from "./app.ts";

export function render(): void {
  start("business_cost");
}
