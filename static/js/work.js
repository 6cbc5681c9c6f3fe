// What is streamed, by its name: which cantos of which canticles.

import { number, roman } from "./format.js";
import { language, t } from "./strings.js";

/** How many cantos each canticle of the Comedy has. */
const WHOLE = [34, 33, 33];

const list = new Intl.ListFormat(language, { type: "conjunction" });

/** @param {{canticle: string, canto: number}[]} cantos in the order of the poem; none where it has none */
export function workOf(cantos) {
  if (!cantos.length) return t("work_text");
  if (cantos.length === 1) {
    const [{ canticle, canto }] = cantos;
    return t("work_canto", { canticle, canto: roman(canto) });
  }
  const names = [...new Set(cantos.map(({ canticle }) => canticle))];
  const counts = names.map((name) => cantos.filter(({ canticle }) => canticle === name).length);
  const values = { n: number(cantos.length), canticles: list.format(names) };
  if (counts.join() === WHOLE.join()) return t("work_all", values);
  if (names.length === cantos.length && cantos.every(({ canto }) => canto === 1)) return t("work_first");
  return t("work_many", values);
}
