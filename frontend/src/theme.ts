/** Light or dark, as TensorBoard shows itself: it marks its body and tells no plugin. */
import type { Host } from "./host.ts";

const DARK_CLASS = "dark-mode";

export function followTheme(host: Host, root: HTMLElement = document.documentElement): void {
  const isFramed = host.body() !== document.body;
  const system = window.matchMedia?.("(prefers-color-scheme: dark)");
  const apply = () => {
    const dark = isFramed ? host.body().classList.contains(DARK_CLASS) : (system?.matches ?? false);
    root.dataset.theme = dark ? "dark" : "light";
  };
  if (isFramed) new MutationObserver(apply).observe(host.body(), { attributes: true, attributeFilter: ["class"] });
  else system?.addEventListener("change", apply);
  apply();
}
