// Numbers, times and spans of time, as the page's language writes them.

import { language } from "./strings.js";

/** The reader's regional variant of the page's language: a British reader's clock has 24 hours. */
const own = new Intl.NumberFormat().resolvedOptions().locale;
const locale = own.split("-")[0] === language ? own : language;

const whole = new Intl.NumberFormat(locale);
const oneDecimal = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const timeOfDay = new Intl.DateTimeFormat(locale, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});

/** 4811 → 4,811 @param {number} value */
export const number = (value) => whole.format(value);

/** 0.42 → 0.4 @param {number} value */
export const tenths = (value) => oneDecimal.format(value);

/** Milliseconds as seconds: 3200 → 3.2 @param {number} ms */
export const seconds = (ms) => oneDecimal.format(ms / 1000);

const instantOfDay = new Intl.DateTimeFormat(locale, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
});

/** The time of day with milliseconds. @param {Date} date */
export const instant = (date) => instantOfDay.format(date);

/** The time of day, of a `Date` or now. */
export const clock = (date = new Date()) => timeOfDay.format(date);

/** How early or late something was: +3 ms, −1.2 s, 0 ms. @param {number} ms */
export function deviation(ms) {
  const size = Math.round(Math.abs(ms));
  const sign = size === 0 ? "" : ms < 0 ? "−" : "+";
  return size >= 1000 ? `${sign}${oneDecimal.format(size / 1000)} s` : `${sign}${whole.format(size)} ms`;
}

/** A span of time in its two largest units: 2 h 40 min, 12 min, 8 s. @param {number} ms */
export function span(ms) {
  const total = Math.round(ms / 1000);
  const [hours, minutes] = [Math.floor(total / 3600), Math.floor((total % 3600) / 60)];
  if (hours) return `${whole.format(hours)} h ${minutes} min`;
  return minutes ? `${minutes} min` : `${total} s`;
}

/** 4 → IV, as the poem numbers its cantos. @param {number} value */
export function roman(value) {
  /** @type {[string, number][]} */
  const letters = [
    ["C", 100],
    ["XC", 90],
    ["L", 50],
    ["XL", 40],
    ["X", 10],
    ["IX", 9],
    ["V", 5],
    ["IV", 4],
    ["I", 1],
  ];
  let text = "";
  let rest = value;
  for (const [letter, worth] of letters) {
    for (; rest >= worth; rest -= worth) text += letter;
  }
  return text;
}
