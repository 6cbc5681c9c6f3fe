// Offers to go on where the reader was last. It stands over the blank between running head and poem, so that nothing moves
// when it comes or goes.

import { number, roman } from "../format.js";
import { t } from "../strings.js";
import { $ } from "./dom.js";

/** @typedef {import("../last-place.js").LastPlaces} LastPlaces */
/** @typedef {import("../last-place.js").LastPlace} LastPlace */

/** What a page that reloads itself tells the one that comes: the address stays the same. */
const STATE = "continue";

/** Where the reader has just asked to go on; null on any other visit. Asked once, as a reload by hand starts anew. */
export function continued() {
  const index = history.state?.[STATE];
  if (!Number.isInteger(index)) return null;
  history.replaceState(null, "");
  return /** @type {number} */ (index);
}

/** Whether this page's address names a place itself. */
export function namesPlace() {
  const query = new URLSearchParams(location.search);
  return location.hash !== "" || query.has("stanza") || query.has("canto");
}

/** Inferno I, 64 @param {LastPlace} place */
const nameOf = ({ canticle, canto, line, index }) =>
  canticle === null || canto === null
    ? t("continue_stanza", { i: number(index + 1) })
    : t("continue_line", { canticle, canto: roman(canto), line: number(line) });

/** @param {LastPlaces} last */
export function offerToContinue(last) {
  const { offer } = last;
  if (!offer) return;
  const [part, there] = [$("continue"), $("continue-there")];
  there.textContent = t("continue_at", { place: nameOf(offer) });
  part.hidden = false;
  there.addEventListener("click", () => {
    history.replaceState({ [STATE]: offer.index }, "");
    location.reload();
  });
  $("continue-not").addEventListener("click", () => {
    last.decline();
    withdrawOffer(last);
  });
}

/** Takes the offer back once it is void. @param {LastPlaces} last */
export function withdrawOffer(last) {
  const part = $("continue");
  if (last.offer || part.hidden) return;
  // The focus would go with it.
  if (part.contains(document.activeElement)) $("poem").focus({ preventScroll: true });
  part.hidden = true;
}
