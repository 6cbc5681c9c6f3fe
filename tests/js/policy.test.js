// What a Content-Security-Policy forbids a page (static/js/policy.js, static/js/directive.js).

import assert from "node:assert/strict";
import { test } from "node:test";

const document = new EventTarget();
Object.assign(globalThis, { document });

const { directiveIn, policyAgainst, policyJustNow } = await import("../../static/js/policy.js");
const { directiveOf } = await import("../../static/js/directive.js");

/** What a browser tells of a violation. */
function violate(blockedURI, originalPolicy, disposition = "enforce") {
  const told = { blockedURI, originalPolicy, disposition, effectiveDirective: "connect-src" };
  document.dispatchEvent(Object.assign(new Event("securitypolicyviolation"), told));
}

test("a directive as it was sent, by what it stands for", () => {
  for (const [effectiveDirective, originalPolicy, expected] of [
    ["connect-src", "default-src 'self'; connect-src 'none'", "connect-src 'none'"],
    ["connect-src", "default-src 'none';script-src 'self'", "default-src 'none'"],
    [
      "script-src-elem",
      "script-src 'self' https://a.example; default-src *",
      "script-src 'self' https://a.example",
    ],
    ["script-src-elem", "script-src 'self'; script-src-elem 'none'", "script-src-elem 'none'"],
    ["style-src-elem", " style-src 'nonce-a' ; ", "style-src 'nonce-a'"],
    ["connect-src", "", "connect-src"],
  ]) {
    assert.equal(directiveOf({ effectiveDirective, originalPolicy }), expected);
  }
});

test("what is forbidden is known by its scheme and host", async () => {
  const url = new URL("http://h.example:81/websocket/ws");
  assert.equal(policyAgainst(url, true), "");
  violate("ws://h.example:81", "connect-src http://h.example:81");
  violate("inline", "style-src 'self'");
  violate("https://h.example/", "connect-src 'none'", "report");
  const reason = policyAgainst(url, true);
  assert.equal(reason, "blocked by the page's Content-Security-Policy: connect-src http://h.example:81");
  assert.equal(directiveIn(reason), "connect-src http://h.example:81");
  assert.equal(policyAgainst(url), "");
  assert.equal(policyAgainst(new URL("ws://h.example/"), true), "");
  assert.equal(policyAgainst(new URL("https://h.example/")), "");
  assert.equal(directiveIn("404 Not Found"), "");
});

test("a violation that is told a moment after the failure is waited for", async () => {
  const url = new URL("https://late.example/sse/stream");
  const asked = policyJustNow(url);
  violate("https://late.example/sse/stream", "default-src 'none'");
  assert.equal(await asked, "blocked by the page's Content-Security-Policy: default-src 'none'");
  assert.equal(await policyJustNow(new URL("https://open.example/")), "");
});
