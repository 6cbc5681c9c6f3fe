// How stanzas that were missed are called: by their lines where that is certain, in as few words as it takes.

import { number } from "../format.js";
import { t } from "../strings.js";
import { nameOf } from "../view/verse.js";

/** @typedef {import("../reading.js").Place} Place */
/** @typedef {{canticle: string, canto: number} | null} Canto */

/**
 * Names the stanzas between two that were heard.
 * @param {{place: Place, lines: number}} before the last one that was heard
 * @param {Place} after the first one that was heard again
 * @param {(index: number) => Canto} cantoAt the canto that holds a stanza; null where there are no cantos
 */
export function missedRange({ place: before, lines }, after, cantoAt) {
  const [from, to] = [before.index + 1, after.index];
  const [first, last] = [cantoAt(from), cantoAt(to - 1)];
  if (!first || !last) {
    const [a, b] = [number(from + 1), number(to)];
    return t(to - from > 1 ? "room_stanzas" : "room_stanza", { a, b });
  }
  const a = same(first, before) ? before.line + lines : 1;
  const b = same(last, after) ? after.line - 1 : null;
  const where = nameOf(first);
  const start = { where, a: number(a), b: number(b ?? 0) };
  const from_ = a === 1 ? where : t("room_from_line", start);
  if (first.canticle === last.canticle && first.canto === last.canto) {
    if (b === null) return from_;
    return t(b > a ? "room_lines" : "room_line", start);
  }
  const end = nameOf(last);
  const upTo = b === null ? end : t("room_to_line", { where: end, b: number(b) });
  return t("room_up_to", { first: from_, last: upTo });
}

/** @param {NonNullable<Canto>} canto @param {Place} place */
const same = (canto, { canticle, canto: number_ }) => canto.canticle === canticle && canto.canto === number_;
