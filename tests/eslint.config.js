// Lints for the pages' scripts and for the tests. `tsc` knows better what is undefined, so where it looks,
// ESLint does not. Paths are relative to the repository: see the script `lint` in package.json.

import js from "@eslint/js";
import globals from "globals";

const rules = {
  ...js.configs.recommended.rules,
  curly: ["error", "multi-line"],
  eqeqeq: "error",
  "no-else-return": "error",
  "no-eval": "error",
  "no-implicit-coercion": "error",
  // A script may name the global that it uses.
  "no-redeclare": ["error", { builtinGlobals: false }],
  "no-shadow": "error",
  "no-throw-literal": "error",
  "no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_", caughtErrors: "none" }],
  "no-useless-rename": "error",
  "no-var": "error",
  "object-shorthand": "error",
  "prefer-const": "error",
  "prefer-template": "error",
};

/** What the Content-Security-Policy forbids, or what could let text become markup. */
const unsafe = ["innerHTML", "outerHTML", "insertAdjacentHTML", "cssText"].map((property) => ({
  property,
  message: "Make elements, set textContent, and style through classes or single properties.",
}));

export default [
  {
    files: ["static/js/**/*.js"],
    languageOptions: {
      ecmaVersion: 2023,
      sourceType: "module",
      globals: { ...globals.browser, io: "readonly" },
    },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      ...rules,
      "no-console": "error",
      "no-alert": "error",
      "no-restricted-properties": ["error", ...unsafe],
    },
  },
  {
    // The build makes ES5 of it, which has neither `const` nor a way to make one.
    files: ["static/js/guard.js", "static/js/directive.js", "static/js/theme.js"],
    rules: { "no-var": "off", "object-shorthand": "off", "prefer-template": "off" },
  },
  {
    files: ["tests/**/*.js", "benches/**/*.js"],
    languageOptions: {
      ecmaVersion: 2025,
      sourceType: "module",
      globals: { ...globals.node, ...globals.browser, Bun: "readonly" },
    },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules,
  },
  { ignores: ["**/node_modules/**", "tests/artifacts/**"] },
];
