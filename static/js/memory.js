// What the page remembers from one visit to the next. The browser may forbid a page to store anything: then nothing is
// remembered, and all else works.

export const memory = {
  /** @param {string} name */
  get(name) {
    try {
      return localStorage.getItem(`dante-${name}`);
    } catch {
      return null;
    }
  },
  /** @param {string} name @param {string} value */
  set(name, value) {
    try {
      localStorage.setItem(`dante-${name}`, value);
    } catch {
      // Then the choice lasts until the page is closed.
    }
  },
  /** @param {string} name */
  forget(name) {
    try {
      localStorage.removeItem(`dante-${name}`);
    } catch {
      // Nothing was stored either.
    }
  },
};
