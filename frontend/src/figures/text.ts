/** How much room a label takes, before it is drawn. */

const EM = 12; // px, the size of all text in figures

/** Estimated width in px. East Asian signs are square; the rest averages a little over half of that. */
export function widthOf(text: string, em: number = EM): number {
  let units = 0;
  for (const sign of text)
    units += isWide(sign) ? 1 : /[MWmw@%—€]/.test(sign) ? 0.86 : /[iljtfrI.,:;'|! ]/.test(sign) ? 0.31 : 0.565;
  return units * em;
}

export function widest(texts: readonly string[]): number {
  return texts.reduce((most, text) => Math.max(most, widthOf(text)), 0);
}

/** Cut to `room` px, with an ellipsis where something is missing. */
export function cut(text: string, room: number): string {
  if (widthOf(text) <= room) return text;
  const signs = [...text];
  while (signs.length > 1 && widthOf(`${signs.join("")}…`) > room) signs.pop();
  return `${signs.join("").trimEnd()}…`;
}

/** At most two lines of `room` px, broken at a space where there is one. */
export function inTwoLines(text: string, room: number): string {
  if (widthOf(text) <= room) return text;
  const signs = [...text];
  let end = 1;
  while (end < signs.length && widthOf(signs.slice(0, end + 1).join("")) <= room) end += 1;
  const space = signs.slice(0, end + 1).findLastIndex((sign) => /[\s,;×]/.test(sign));
  const at = space > end / 3 ? space + 1 : end;
  const first = signs.slice(0, at).join("").trimEnd();
  return `${first}\n${cut(signs.slice(at).join("").trimStart(), room)}`;
}

function isWide(sign: string): boolean {
  return /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE4F\uFF00-\uFF60\u{1F300}-\u{1FAFF}]/u.test(
    sign,
  );
}
