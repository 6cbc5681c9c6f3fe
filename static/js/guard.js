// Loaded before everything else of a page, and by browsers of every age: says which of the page's files did not come, and why, and
// offers the poem as text. It needs no other file and no style. The build makes ES5 of it, and refuses what it can't.
//
// Neither an error of an element nor a violation of a policy says all: browsers hide from scripts how a file was answered. Newer ones note
// the status with the times of the request; else the file is asked for once more.

import { directiveOf } from "./directive.js";
// A file of its own would be one request more.
import "./theme.js";

/** How long a page may take to start before it says what it waits for. */
var PATIENCE_MS = 10000;

/** @typedef {HTMLScriptElement | HTMLLinkElement} Part */

/** @type {Record<string, string>} why each file did not load, as a sentence, by its path; the client library's is shown by the page itself */
var failures = (window.loadFailures = {});
/** @type {Record<string, string>} the directive that forbade a file, by its URL */
var forbidden = {};
/** @type {Record<string, HTMLElement>} what is shown of each file */
var notices = {};
var started = false;
/** Whether the page's own script is known to have failed. */
var broken = false;

/** A sentence in the page's language. @param {string} name @param {Record<string, string>} [values] */
function t(name, values) {
  var block = document.getElementById("strings");
  var sentence = JSON.parse((block && block.textContent) || "{}")[name] || "";
  return sentence.replace(
    /\{(\w+)\}/g,
    (/** @type {string} */ gap, /** @type {string} */ key) => (values && values[key]) || gap,
  );
}

/** @param {Part} part */
function urlOf(part) {
  return "src" in part ? part.src : part.href;
}

/** @param {string} url */
function pathOf(url) {
  var link = document.createElement("a");
  link.href = url;
  return link.pathname.replace(/^\/?/, "/");
}

/** The page's own script; none on a page without one. */
function entry() {
  return /** @type {HTMLScriptElement | null} */ (document.querySelector("script[type=module][src]"));
}

/** The status by which a file was answered, as the browser has noted it; 0 where it has not. @param {string} url */
function statusOf(url) {
  var noted = window.performance && performance.getEntriesByName ? performance.getEntriesByName(url) : [];
  var last = /** @type {PerformanceResourceTiming | undefined} */ (noted[noted.length - 1]);
  return (last && last.responseStatus) || 0;
}

/** What a status means, and what helps. @param {number} status */
function inWords(status) {
  var kind = t("load_" + status) ? status : status >= 500 ? "5xx" : "4xx";
  return t("load_" + kind, { status: t("status_" + status) || String(status) });
}

/** Finds out why a file did not load. @param {Part} part @param {(why: string) => void} then */
function explain(part, then) {
  var url = urlOf(part);
  var status = statusOf(url);
  if (forbidden[url]) then(t("load_policy", { directive: forbidden[url] }));
  else if (status >= 400) then(inWords(status));
  else ask(part, then);
}

/** Asks for a file once more. @param {Part} part @param {(why: string) => void} then */
function ask(part, then) {
  var request = new XMLHttpRequest();
  request.onloadend = () => {
    var type = (request.getResponseHeader("content-type") || "").split(";")[0];
    var wanted = part.tagName === "SCRIPT" ? /javascript/ : /^text\/css$/;
    if (request.status >= 400) then(inWords(request.status));
    else if (!request.status) then(t(forbidden[urlOf(part)] ? "load_unknown" : "load_unanswered"));
    else if (!wanted.test(type)) then(t("load_type", { type: type || "–" }));
    else then(t("load_again"));
  };
  request.open("GET", urlOf(part));
  request.send();
}

/** A button or a link that looks like one. @param {string} tag @param {string} text */
function act(tag, text) {
  var element = document.createElement(tag);
  element.className = "btn";
  element.textContent = text;
  return element;
}

/**
 * Shows, or changes, what is said of a file. What is not `bad` is said quietly.
 * @param {string} name @param {string} what @param {string} why @param {boolean} bad
 */
function show(name, what, why, bad) {
  var place = document.querySelector("main") || document.body;
  var notice = notices[name] || document.createElement("div");
  var strong = document.createElement("strong");
  var said = document.createElement("p");
  if (!place) {
    setTimeout(() => show(name, what, why, bad), 50);
    return;
  }
  notices[name] = notice;
  notice.className = "unloaded";
  notice.setAttribute("role", bad ? "alert" : "status");
  notice.textContent = "";
  strong.textContent = what;
  said.appendChild(strong);
  said.appendChild(document.createTextNode(" " + why));
  notice.appendChild(said);
  if (bad) notice.appendChild(acts());
  if (!notice.parentNode) place.insertBefore(notice, place.firstChild);
}

/** @param {string} name */
function hide(name) {
  var notice = notices[name];
  if (notice && notice.parentNode) notice.parentNode.removeChild(notice);
}

/** What a reader can do: try again, or read the poem without the page. */
function acts() {
  var line = document.createElement("p");
  var text = /** @type {HTMLAnchorElement} */ (act("a", t("load_text")));
  var again = act("button", t("try_again"));
  text.href = (document.body.getAttribute("data-root") || "") + "divine-comedy.txt";
  again.setAttribute("type", "button");
  again.addEventListener("click", () => location.reload());
  line.appendChild(text);
  line.appendChild(document.createTextNode(" "));
  line.appendChild(again);
  return line;
}

/** The page does not start: no longer does it say that it opens a stream. @param {string} why */
function failed(why) {
  if (started) return;
  broken = true;
  show("page", t("load_failed"), why, true);
  document.body.setAttribute("data-state", "refused");
  document.body.setAttribute("data-tone", "bad");
  ["badge", "word", "what", "verdict", "status"].forEach((id) => {
    var place = document.getElementById(id);
    if (place) place.textContent = t(id === "badge" || id === "word" ? "load_badge" : "load_failed");
  });
  var message = document.getElementById("message");
  if (message) message.hidden = true;
}

/** @param {Part} part */
function unloaded(part) {
  explain(part, (why) => {
    var path = pathOf(urlOf(part));
    failures[path] = why;
    var where = t("load_file", { path: path }) + " " + why;
    if (part === entry()) whenParsed(() => failed(where));
    // A page without a script of its own has no sentences for this, and can be read as it is.
    else if (part.tagName === "LINK" && entry()) whenParsed(() => show(path, t("load_style"), where, false));
    // The client library: the page that needs it says so.
    var event = document.createEvent("Event");
    event.initEvent("explained", false, false);
    document.dispatchEvent(event);
  });
}

/** Does something once the page's HTML is there. @param {() => void} then */
function whenParsed(then) {
  if (document.readyState !== "loading") then();
  else setTimeout(() => whenParsed(then), 50);
}

/** The files that the page waits for: the browser has no times of theirs yet. @param {string} selector @returns {Part[]} */
function missing(selector) {
  return [].filter.call(
    document.querySelectorAll(selector),
    (/** @type {Part} */ part) => !performance.getEntriesByName(urlOf(part)).length,
  );
}

/** Lets the page be seen without a style that has not come, and, but in Firefox, its scripts run. @param {Part} style */
function goOnWithout(style) {
  var link = /** @type {HTMLLinkElement} */ (style);
  var path = pathOf(link.href);
  link.media = "not all";
  link.addEventListener("load", () => {
    link.media = "all";
    hide(path);
  });
  show(path, t("load_style"), t("load_slow_more", { paths: path }), false);
}

window.addEventListener(
  "error",
  (event) => {
    var part = /** @type {any} */ (event.target);
    var own = entry();
    var isPart = part.tagName === "SCRIPT" || (part.tagName === "LINK" && part.rel === "stylesheet");
    // The violation of a policy that explains it comes as an event of its own.
    if (isPart) {
      broken = broken || part === own;
      setTimeout(() => unloaded(part), 0);
    } else if (part === window && own && /** @type {ErrorEvent} */ (event).filename === own.src) {
      failed(t("load_broken", { message: /** @type {ErrorEvent} */ (event).message }));
    }
  },
  true,
);

document.addEventListener("securitypolicyviolation", (violation) => {
  if (violation.disposition === "report") return;
  forbidden[violation.blockedURI] = directiveOf(violation);
});

// Told by the page's own script once it runs.
document.addEventListener("started", () => {
  started = true;
  hide("page");
});

window.addEventListener("load", () => {
  // Modules have run by now, or failed, and were told of above.
  setTimeout(() => {
    if (started || broken || !entry()) return;
    failed(t("noModule" in document.createElement("script") ? "load_silent" : "load_old"));
  }, 1000);
});

setTimeout(() => {
  if (started || broken || !entry()) return;
  missing("link[rel=stylesheet]").forEach(goOnWithout);
  setTimeout(() => {
    var paths = missing("script[src], link[rel=stylesheet]").map((part) => pathOf(urlOf(part)));
    if (started || broken || !paths.length) return;
    paths.forEach(hide);
    show("page", t("load_slow"), t("load_slow_more", { paths: paths.join(", ") }), true);
  }, 1000);
}, PATIENCE_MS);
