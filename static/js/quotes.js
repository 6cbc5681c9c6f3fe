// Typographic quotation marks and apostrophes, as a rendering: the poem's own text stays as it is. What a mark is, is told
// by what stands beside it, so that speech may open in one stanza and close in another.

/** What English words begin with an apostrophe, as poets leave out their first letters. */
const CLIPPED = new Set(
  (
    "bout bove cause cross em fore fraid gainst gan ere larum mid midst mong mongst n neath nother pon prentice " +
    "round sblood scape sdeath stead swounds tempt tend til till tis tisn tother twas twasn twere tweren twill twixt " +
    "twould twouldn tween un way ware zounds"
  ).split(" "),
);

/** Behind these a mark opens; so it does at the start. */
const BEFORE_OPENING = /[\s([{\u2013\u2014\u2018\u201c-]/;
const LETTER = /[\p{L}\p{N}]/u;
/** What ends a quotation besides its mark. */
const ENDS_SPEECH = /[.,;:!?\u2026]/;

/**
 * The text with its marks as they are printed.
 * @param {string} text a stanza, or a line of one
 * @param {string} language of the text; where it is not known to be English, a single mark is an apostrophe unless it is
 *   surely a quotation's
 */
export function typographic(text, language) {
  let made = "";
  for (let at = 0; at < text.length; at += 1) {
    const mark = text[at];
    if (mark !== '"' && mark !== "'") {
      made += mark;
      continue;
    }
    const [before, after] = [made.at(-1) ?? " ", text[at + 1] ?? " "];
    const opens = BEFORE_OPENING.test(before) && !/\s/.test(after);
    if (mark === '"') {
      // Alone between spaces, it may be anything.
      const alone = /\s/.test(before) && /\s/.test(after);
      made += alone ? mark : opens ? "\u201c" : "\u201d";
    } else {
      made += opens && quotes(text, at, language) ? "\u2018" : "\u2019";
    }
  }
  return made;
}

/**
 * Whether a single mark before a word opens a quotation, and does not stand for letters that are left out.
 * @param {string} text @param {number} at @param {string} language
 */
function quotes(text, at, language) {
  const rest = text.slice(at + 1);
  // A double mark within a single one, or a bracket.
  if (!LETTER.test(rest[0])) return true;
  // '67
  if (/\d/.test(rest[0])) return false;
  if (language !== "en") return isQuotation(text, at);
  const word = /^\p{L}+/u.exec(rest)?.[0].toLowerCase() ?? "";
  return !CLIPPED.has(word);
}

/**
 * Whether it surely is a quotation in any language: it ends behind a mark of punctuation, as no apostrophe does.
 * @param {string} text @param {number} at
 */
function isQuotation(text, at) {
  for (let end = at + 2; end < text.length; end += 1) {
    if (text[end] !== "'") continue;
    const [before, after] = [text[end - 1], text[end + 1] ?? " "];
    // Another one begins: whatever ends behind it is its end.
    if (/\s/.test(before) && LETTER.test(after)) return false;
    if (ENDS_SPEECH.test(before) && !LETTER.test(after)) return true;
  }
  return false;
}
