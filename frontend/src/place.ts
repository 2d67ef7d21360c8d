/** The reader's place on a page. Pictures are drawn after the words, so a place is held until the page has its full length. */

const SETTLING = 2000; // ms
const HANDS = ["wheel", "touchstart", "pointerdown", "keydown"]; // whoever moves the page themselves has the last word
const NAVIGATION = 60; // px that stay covered at the top

let release = () => {};

/** Scrolls to where `find` says, and again whenever that moves while the page settles. */
export function hold(find: () => number | null, { smooth = false } = {}): void {
  release();
  const move = (behavior: ScrollBehavior) => {
    const top = find();
    if (top !== null) window.scrollTo({ top, behavior });
  };
  let first = true; // an observer begins by telling what it sees
  const watcher = new ResizeObserver(() => {
    if (!first) move("instant");
    first = false;
  });
  const timer = window.setTimeout(() => release(), SETTLING);
  release = () => {
    window.clearTimeout(timer);
    watcher.disconnect();
    for (const hand of HANDS) window.removeEventListener(hand, release);
    release = () => {};
  };
  for (const hand of HANDS) window.addEventListener(hand, release, { passive: true });
  watcher.observe(document.body);
  move(smooth && !isCalm() ? "smooth" : "instant");
}

/** Where a part of the page begins, below the navigation. */
export function topOf(id: string): number | null {
  const part = document.getElementById(id);
  return part ? part.getBoundingClientRect().top + window.scrollY - NAVIGATION : null;
}

function isCalm(): boolean {
  return window.matchMedia("(prefers-reduced-motion: reduce)").matches;
}
