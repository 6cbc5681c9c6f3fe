// The page where a room is joined, or made: it draws the token of whoever will conduct, and nobody else learns it.

import { inWords, prepare } from "./room/orders.js";
import { conductAddress, makeToken } from "./room/token.js";
import { t } from "./strings.js";
import { $, put } from "./view/dom.js";

const FLASH_MS = 1800;
/** What a proposed name ends with: letters and digits that are not taken for one another. */
const LETTERS = "abcdefghkmnpqrstuvwxyz23456789";
const DRAWN = 6;

const form = /** @type {HTMLFormElement} */ ($("rooms"));
const name = /** @type {HTMLInputElement} */ ($("name"));
const root = new URL(document.body.dataset.root || ".", location.href);

/** The room's own address. */
function roomAddress() {
  const url = new URL(`room/${name.value}`, root);
  const language = new URLSearchParams(location.search).get("lang");
  if (language) url.searchParams.set("lang", language);
  return url;
}

/** A name that is not guessed at once. */
function propose() {
  const drawn = crypto.getRandomValues(new Uint8Array(DRAWN));
  return `dante-${Array.from(drawn, (byte) => LETTERS[byte % LETTERS.length]).join("")}`;
}

if (!name.value) name.value = propose();

form.addEventListener("submit", (event) => {
  event.preventDefault();
  location.assign(roomAddress());
});

$("make").addEventListener("click", async () => {
  if (!form.reportValidity() || $("make").getAttribute("aria-disabled") === "true") return;
  $("make").setAttribute("aria-disabled", "true");
  put("said", t("rooms_making"));
  const url = roomAddress();
  const called = name.value;
  const token = makeToken();
  const outcome = await prepare(url, token);
  $("make").removeAttribute("aria-disabled");
  if (!("room" in outcome)) {
    put("said", inWords("rooms", outcome, t));
    return;
  }
  put("said", "");
  put("made-h", t("rooms_made", { name: called }));
  const { held, readers } = outcome.room;
  put("made-state", held ? t("rooms_made_held") : t("rooms_made_going", { n: readers }));
  const share = /** @type {HTMLAnchorElement} */ ($("share"));
  share.href = url.href;
  share.textContent = url.href;
  const conduct = /** @type {HTMLAnchorElement} */ ($("conduct"));
  conduct.href = conductAddress(url, token);
  $("made").hidden = false;
  $("made").focus();
});

for (const id of ["share", "conduct"]) {
  const button = $(`copy-${id}`);
  const label = [...button.childNodes];
  let timer = 0;
  button.addEventListener("click", async () => {
    let message = t("rooms_copied");
    try {
      await navigator.clipboard.writeText(/** @type {HTMLAnchorElement} */ ($(id)).href);
    } catch {
      message = t("rooms_copy_failed");
    }
    button.replaceChildren(message);
    put("said", message);
    clearTimeout(timer);
    timer = window.setTimeout(() => button.replaceChildren(...label), FLASH_MS);
  });
}
