// The directive of a Content-Security-Policy that forbade something. Part of guard.js, too, and so for browsers of every age.

/**
 * As it was sent, `connect-src 'none'`; what browsers name may be a part of it (`script-src-elem`), or stand for `default-src`.
 * @param {{effectiveDirective: string, originalPolicy: string}} violation
 */
export function directiveOf(violation) {
  var sent = violation.originalPolicy.trim().split(/\s*;\s*/);
  var names = [violation.effectiveDirective, violation.effectiveDirective.replace(/-(elem|attr)$/, "")];
  var found = names
    .concat("default-src")
    .map((name) => sent.filter((text) => text.split(/\s/)[0] === name)[0]);
  return found.filter(Boolean)[0] || violation.effectiveDirective;
}
