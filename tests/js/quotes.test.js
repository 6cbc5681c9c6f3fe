// Quotation marks and apostrophes as they are printed (static/js/quotes.js), in all of the poem that Dante carries, and where
// a mark could be either.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { typographic } from "../../static/js/quotes.js";

const POEM = readFileSync(path.resolve(import.meta.dirname, "../../divine-comedy.txt"), "utf8");
const STANZAS = POEM.split(/\n\n+/).filter((block) => !/^\w+: Canto/.test(block.trim()));
const PRINTED = STANZAS.map((stanza) => typographic(stanza, "en"));
const ALL = PRINTED.join("\n\n");

describe("the poem that Dante carries", () => {
  test("keeps everything but its marks", () => {
    assert.ok(STANZAS.length >= 140, `${STANZAS.length} stanzas`);
    const plain = ALL.replaceAll(/[“”]/g, '"').replaceAll(/[‘’]/g, "'");
    assert.equal(plain, STANZAS.join("\n\n"));
    assert.doesNotMatch(ALL, /["']/);
  });

  test("every speech opens, then closes, across stanzas too", () => {
    const marks = [...ALL.matchAll(/[“”]/g)].map(([mark]) => mark);
    assert.equal(marks.length, POEM.split('"').length - 1);
    marks.forEach((mark, at) => assert.equal(mark, "“”"[at % 2], `the ${at + 1}. double mark`));
    const open = PRINTED.filter((stanza) => stanza.split("“").length > stanza.split("”").length);
    assert.ok(open.length >= 8, `${open.length} stanzas leave a speech open`);
  });

  test("one quotation in a speech, and apostrophes", () => {
    assert.deepEqual(
      ALL.split("\n").filter((line) => line.includes("‘")),
      ["‘Sub Julio’ was I born, though it was late,"],
    );
    const words = [...ALL.matchAll(/[\p{L}]*’[\p{L}]*/gu)].map(([word]) => word);
    assert.deepEqual(
      [...new Set(words)].sort(),
      [
        "E’en",
        "E’er",
        "I’ve",
        "Julio’",
        "Ne’er",
        "O’er",
        "Thou’lt",
        "Whene’er",
        "Whiche’er",
        "climb’st",
        "heart’s",
        "know’st",
        "lend’st",
        "lion’s",
        "mountain’s",
        "o’er",
        "o’ercast",
        "planet’s",
        "sun’s",
        "tow’rds",
        "whate’er",
        "world’s",
        "’Twixt",
        "’twere",
      ].sort(),
    );
  });

  for (const [line, printed] of [
    ['  "Have pity on me," unto him I cried,', "  “Have pity on me,” unto him I cried,"],
    ['  "Whiche\'er thou art, or shade or real man!"', "  “Whiche’er thou art, or shade or real man!”"],
    ['He answered me: "Not man; man once I was,', "He answered me: “Not man; man once I was,"],
    ['  Which is the source and cause of every joy?"', "  Which is the source and cause of every joy?”"],
    ["  'Twixt Feltro and Feltro shall his nation be;", "  ’Twixt Feltro and Feltro shall his nation be;"],
    ['  While I was on the other side," then said he,', "  While I was on the other side,” then said he,"],
    ["For 'twere not fitting that the eye o'ercast", "For ’twere not fitting that the eye o’ercast"],
  ]) {
    test(line.trim(), () => {
      assert.ok(POEM.includes(`${line}\n`), "the poem has this line");
      assert.ok(ALL.includes(`${printed}\n`) || ALL.endsWith(printed));
    });
  }
});

describe("marks in English", () => {
  for (const [text, printed] of [
    ['"\'Tis he," she said.', "“’Tis he,” she said."],
    ["\"He said 'No,' and left.\"", "“He said ‘No,’ and left.”"],
    ["\"'No,' he said.\"", "“‘No,’ he said.”"],
    ["'\"No,\" he said,' said she.", "‘“No,” he said,’ said she."],
    ['He paused--"no"--and went.', "He paused--“no”--and went."],
    ["the poets' crown, and James's", "the poets’ crown, and James’s"],
    ["in '67, rock 'n' roll", "in ’67, rock ’n’ roll"],
    ['("so")', "(“so”)"],
    ['a " alone', 'a " alone'],
    ["“already” ‘so’ it’s", "“already” ‘so’ it’s"],
    ["nothing", "nothing"],
    ["", ""],
  ]) {
    test(text, () => assert.equal(typographic(text, "en"), printed));
  }
});

describe("marks in a text whose language is not known", () => {
  for (const [text, printed] of [
    ["Nel mezzo del cammin di nostra vita", "Nel mezzo del cammin di nostra vita"],
    ["esta selva selvaggia e aspra e forte\nche nel pensier rinova la paura!", null],
    [
      "Tant' e amara che poco e piu morte;\nma per trattar del ben ch'i' vi trovai",
      "Tant’ e amara che poco e piu morte;\nma per trattar del ben ch’i’ vi trovai",
    ],
    [
      "dove l'umano spirito si purga\n'l mio maestro e 'l mio autore",
      "dove l’umano spirito si purga\n’l mio maestro e ’l mio autore",
    ],
    ["'l sol de' vivi", "’l sol de’ vivi"],
    ["'nanzi a me, e 'ntorno", "’nanzi a me, e ’ntorno"],
    ['rispuose: "Or se\' tu quel Virgilio"', "rispuose: “Or se’ tu quel Virgilio”"],
    ["disse: 'Non temer.' E poi", "disse: ‘Non temer.’ E poi"],
    ["e 'l duca disse: 'Non temer.'", "e ’l duca disse: ‘Non temer.’"],
    ["«l'altre stelle»", "«l’altre stelle»"],
  ]) {
    test(text, () => assert.equal(typographic(text, ""), printed ?? text));
  }
});
