// Orders to a room, by a request of their own: so they work whatever transport the reading uses, and the token goes nowhere else.

/** What the server tells of a room. @typedef {{name: string, place: number, held: boolean, readers: number}} RoomNews */

/**
 * What came of an order: what is told of the room now; or why it was not followed, as a word for programs with the server's own text, or as
 * a status that somebody else answered.
 * @typedef {{room: RoomNews} | {word: string, text: string, status: number}} Outcome
 */

/** @typedef {{do: "hold"} | {do: "go-on"} | {do: "look"} | {do: "jump", to: number}} Order */

/** How long an answer may take. */
const PATIENCE_MS = 10_000;

/** The refusals that name a reason have this form. */
const REFUSAL = /^([a-z]+(?:-[a-z]+)+): /;

/**
 * @param {URL} url of the room
 * @param {string} token
 * @param {Order} order
 * @returns {Promise<Outcome>}
 */
export async function give(url, token, order) {
  // A header takes nothing else; the server would say the same.
  if (!/^[\x21-\x7e]{16,128}$/.test(token)) return { word: "bad-conduct", text: "", status: 0 };
  try {
    const answer = await fetch(url, {
      method: "POST",
      headers: { Authorization: `Bearer ${token}` },
      body: JSON.stringify(order),
      cache: "no-store",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const text = (await answer.text()).trim();
    return answer.ok ? { room: JSON.parse(text) } : refusal(answer.status, text);
  } catch {
    return { word: "no-answer", text: "", status: 0 };
  }
}

/** @param {number} status @param {string} text @returns {Outcome} */
function refusal(status, text) {
  const word = REFUSAL.exec(text)?.[1];
  return { word: word ?? "status", text: word ? text : "", status };
}

/**
 * What a refusal is called among the sentences with this prefix.
 * @param {string} prefix
 * @param {{word: string, text: string, status: number}} refusal
 * @param {(name: string, values: Record<string, string | number>) => string} t
 */
export function inWords(prefix, { word, text, status }, t) {
  const name = `${prefix}_said_${word.replaceAll("-", "_")}`;
  const sentence = t(name, { status });
  return sentence === name ? text || t(`${prefix}_said_status`, { status }) : sentence;
}

/**
 * Shows the token to the room, and holds it at its beginning if nobody has begun to read there.
 * @param {URL} url
 * @param {string} token
 */
export async function prepare(url, token) {
  const seen = await give(url, token, { do: "look" });
  if (!("room" in seen) || seen.room.readers > 0 || seen.room.place > 0 || seen.room.held) return seen;
  return give(url, token, { do: "hold" });
}
