// Reasons in words (static/js/reasons.js): what browsers, libraries and proxies say, in the page's language.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";

const TABLE = JSON.parse(readFileSync(new URL("../../templates/strings.json", import.meta.url), "utf8"));

// The interface's sentences come with the document: here is a stand-in.
globalThis.document = {
  documentElement: { lang: "it" },
  getElementById: () => ({ textContent: JSON.stringify(TABLE.it) }),
};
const causes = await import("../../static/js/stream/causes.js");
const { inStatus, inWords, within } = await import("../../static/js/reasons.js");

describe("reasons in words", () => {
  for (const [reason, words, inside = words[0].toLowerCase() + words.slice(1)] of [
    ["no answer", "Non c’è stata risposta"],
    ["transport close", "La connessione è stata chiusa"],
    ["ping timeout", "Il server non ha inviato ping in tempo"],
    ["websocket closed", "Il WebSocket è stato accettato e chiuso subito"],
    ["close 1006", "La connessione è caduta"],
    ["close 4321", "La connessione è stata chiusa con il codice 4321"],
    ["probe error: transport closed", "L’upgrade è fallito", "l’upgrade è fallito"],
    ["xhr poll error", "Una richiesta di polling è fallita"],
    ["server-full", "Il server ha già tutti i lettori che può accogliere"],
    // Over HTTP it comes with its explanation.
    [
      "address-full: the limit of 50 for readers from one address is reached at yours",
      "Dal tuo indirizzo leggono già tutti i lettori ammessi",
    ],
    // What was found out last says most.
    ["xhr poll error (404), 404 Not Found", "La risposta è stata 404 Non trovato", "404 Non trovato"],
    ["websocket error, no answer", "Non c’è stata risposta"],
    // Over HTTP/2 a status has no text.
    ["502", "La risposta è stata 502 Gateway senza risposta valida", "502 Gateway senza risposta valida"],
    ["418 I'm a teapot", "La risposta è stata 418 I'm a teapot", "418 I'm a teapot"],
    ["/dante/socket.io/socket.io.js", "La libreria client non è stata caricata"],
    // What nobody has foreseen, and what the server itself says, stays as it is.
    ["quic idle timeout", "quic idle timeout"],
    ["bad-from: -1 is no stanza", "bad-from: -1 is no stanza"],
  ]) {
    test(reason, () => assert.deepEqual([inWords(reason), within(reason)], [words, inside]));
  }

  test("a status is told from other reasons", () => {
    assert.equal(inStatus("xhr poll error (503), 503 Service Unavailable"), "503 Servizio non disponibile");
    assert.equal(inStatus("close 1006"), null);
  });

  test("what the page itself or the official client may say has words in both languages", () => {
    // engine.io-client 6, socket.io-client 4, and static/js/stream.
    const client = [
      "transport close",
      "transport error",
      "ping timeout",
      "parse error",
      "server error",
      "timeout",
    ];
    const more = ["forced close", "websocket error", "xhr poll error", "xhr post error", "probe error"];
    const ours = Object.values(causes).filter((cause) => typeof cause === "string");
    for (const reason of [...client, ...more, ...ours, "no answer", "stream ended"]) {
      for (const language of ["en", "it"]) {
        assert.ok(TABLE[language][`reason_${reason.replaceAll(" ", "_")}`], `${language}: ${reason}`);
      }
    }
  });
});
