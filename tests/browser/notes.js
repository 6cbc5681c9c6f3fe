// What a page notes down about itself while it is read, in any browser.

/** Runs in the page before its own scripts: notes its states, the parts of the poem, and what it says. */
export function takeNotes() {
  const PARTS = ".stanza, .fault, .break, .changed, .announced";
  const SAYING = ["what", "message", "answer", "live", "f-transport"];
  const said = Object.fromEntries(SAYING.map((id) => [id, []]));
  const notes = { parts: [], arrivals: {}, states: [], said, violations: [] };
  window.notes = notes;
  const state = () => {
    const name = document.body?.dataset.state;
    if (name && notes.states.at(-1) !== name) notes.states.push(name);
  };
  const part = (element) => {
    const { className, dataset, textContent } = element;
    const index = dataset.index;
    notes.parts.push(index === undefined ? `${className.split(" ")[0]}: ${textContent}` : `stanza ${index}`);
    if (index !== undefined) notes.arrivals[index] ??= performance.now();
  };
  const look = (records) => {
    for (const { target, addedNodes } of records) {
      const element = target instanceof Element ? target : target.parentElement;
      const id = SAYING.find((name) => element?.closest(`#${name}`));
      const text = id && document.getElementById(id).textContent;
      if (id && notes.said[id].at(-1) !== text) notes.said[id].push(text);
      for (const node of addedNodes) {
        if (!(node instanceof Element)) continue;
        if (node.matches(PARTS)) part(node);
        else node.querySelectorAll(PARTS).forEach(part);
      }
    }
    state();
  };
  const what = { attributeFilter: ["data-state"], childList: true, characterData: true, subtree: true };
  new MutationObserver(look).observe(document, what);
  // Not every browser tells whoever drives it what the Content-Security-Policy forbade; the page itself is told.
  document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
    notes.violations.push(`${violatedDirective}: ${blockedURI}`),
  );
}

/** `stanza 0` to `stanza count-1`, or so many from another one on. */
export const stanzas = (count, from = 0) => Array.from({ length: count }, (_, at) => `stanza ${from + at}`);

/** Of the parts of a poem, its stanzas alone; and what came in between. */
export const onlyStanzas = (parts) => parts.filter((part) => part.startsWith("stanza "));
export const others = (parts) => parts.filter((part) => !part.startsWith("stanza "));

/** What the page notes where a reading went on with nothing lost. */
export const RESUMED = /^break: Lost at [\d:]+( [AP]M)? for \d+\.\d s\. Resumed here; nothing missed\.$/;
