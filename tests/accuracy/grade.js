// Judges what the probe said of a host against what an expert would say. Pure: a grade depends on the document only.

/**
 * What an expert says of a host, as far as it can be compared.
 * @typedef {object} Expected
 * @property {"good" | "degraded" | "broken" | string[]} outcome one, or those of which each is true
 * @property {string[]} [causes] ids of verdicts, of which one must come first; none for a healthy host
 * @property {string[]} [allowed] ids of verdicts that may stand beside it: notes, or a second fault
 * @property {RegExp} [remedy] what the first verdict's remedy must say
 * @property {RegExp} [evidence] what its evidence must say
 */

/** All that a grade can be, best first. */
export const GRADES = ["right", "partly", "wrong", "missed", "false alarm"];
/** Those that send the user to the wrong place, or leave them alone. */
export const UNBEARABLE = ["wrong", "missed", "false alarm"];

/** Notes on what the probe has not done; they say nothing of the host, and are true of any. */
const ASIDES = ["limit-not-tested"];

/** Everything that a verdict tells its reader to do. */
function remedyOf({ remedy, remedies = [] }) {
  return [remedy, ...remedies.flatMap(({ text, lines = [] }) => [text, ...lines])].join("\n");
}

/**
 * @param {Expected} expected
 * @param {{outcome: string, verdicts: object[]}} document
 * @returns {{grade: string, why: string[]}} `why` says what is not as expected
 */
export function grade({ outcome, causes = [], allowed = [], remedy, evidence }, document) {
  const { verdicts } = document;
  const why = [];
  const known = [...causes, ...allowed, ...ASIDES];
  const strangers = verdicts.filter(({ id }) => !known.includes(id));
  if (strangers.length > 0) why.push(`beside it: ${strangers.map(({ id }) => id).join(", ")}`);
  if (![outcome].flat().includes(document.outcome)) why.push(`called ${document.outcome}`);

  if (causes.length === 0) {
    if (document.outcome !== "good") return { grade: "false alarm", why };
    return { grade: why.length > 0 ? "partly" : "right", why };
  }
  const first = verdicts.find(({ id }) => causes.includes(id) || !known.includes(id));
  if (!verdicts.some(({ id }) => causes.includes(id))) {
    why.push(`not named: ${causes.join(" or ")}`);
    return { grade: document.outcome === "good" ? "missed" : "wrong", why };
  }
  if (!causes.includes(first.id)) return { grade: "wrong", why: [`first is ${first.id}`, ...why] };
  if (remedy && !remedy.test(remedyOf(first))) why.push("the remedy does not fit");
  if (evidence && !evidence.test(first.evidence)) why.push("the evidence does not show it");
  return { grade: why.length > 0 ? "partly" : "right", why };
}
