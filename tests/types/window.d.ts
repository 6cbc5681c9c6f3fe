// What the page's first script, static/js/guard.js, leaves to those that come after it.

interface Window {
  loadFailures?: Record<string, string>;
}
