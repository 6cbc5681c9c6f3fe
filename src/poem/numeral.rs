//! The number of a canto as editions write it: `4`, `IV`, `Fourth`, `Four`, `quarto`, `Vierter`, `quatrième`.

use std::{collections::HashMap, sync::LazyLock};

/// The highest number that is looked for among words.
const MOST: u32 = 100;

/// Reads a number in digits, Roman numerals or words.
pub(super) fn number(text: &str) -> Option<u32> {
    let digits = text.chars().all(|letter| letter.is_ascii_digit());
    if digits { text.parse().ok().filter(|number| *number > 0) } else { roman(text).or_else(|| word(text)) }
}

/// Reads a Roman numeral of the usual, subtractive form.
pub(crate) fn roman(text: &str) -> Option<u32> {
    if text.len() > 15 {
        return None;
    }
    let mut total = 0;
    let mut largest = 0;
    for letter in text.chars().rev() {
        let value = match letter {
            'I' => 1,
            'V' => 5,
            'X' => 10,
            'L' => 50,
            'C' => 100,
            'D' => 500,
            'M' => 1000,
            _ => return None,
        };
        if value < largest {
            total -= value;
        } else {
            total += value;
            largest = value;
        }
    }
    (total > 0).then_some(total)
}

/// Reads a number word; spaces and hyphens in it don't matter: `Trentesimo primo`, `TWENTY-FIRST`.
fn word(text: &str) -> Option<u32> {
    static WORDS: LazyLock<HashMap<String, u32>> = LazyLock::new(words);
    if text.len() > 40 {
        return None;
    }
    let text = text.to_lowercase();
    WORDS.get(&text.strip_prefix("the ").unwrap_or(&text).replace([' ', '-'], "")).copied()
}

fn words() -> HashMap<String, u32> {
    let mut words: HashMap<String, u32> = [("seconde", 2), ("première", 1), ("siebter", 7)]
        .map(|(word, number)| (word.to_owned(), number))
        .into();
    for number in 1..=MOST {
        let names = [german(number), french(number)];
        let names = english(number).into_iter().chain(italian(number)).chain(names);
        words.extend(names.filter(|name| !name.is_empty()).map(|name| (name, number)));
    }
    words
}

/// Tens and units, as indices into the tables below.
fn divided(number: u32) -> (usize, usize) {
    ((number / 10) as usize, (number % 10) as usize)
}

/// A word of a table, whose first is the empty one for zero.
fn nth(table: &'static str, at: usize) -> &'static str {
    table.split(' ').nth(at).unwrap_or_default()
}

fn english(number: u32) -> [String; 2] {
    const CARDINALS: &str = " one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen";
    const ORDINALS: &str = " first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth";
    const TENS: &str = "  twent thirt fort fift sixt sevent eight ninet hundred";
    match divided(number) {
        (0 | 1, _) => [nth(CARDINALS, number as usize).to_owned(), nth(ORDINALS, number as usize).to_owned()],
        (10, _) => ["hundred".to_owned(), "hundredth".to_owned()],
        (tens, 0) => [format!("{}y", nth(TENS, tens)), format!("{}ieth", nth(TENS, tens))],
        (tens, units) => {
            [CARDINALS, ORDINALS].map(|names| format!("{}y{}", nth(TENS, tens), nth(names, units)))
        }
    }
}

/// The old form, `decimoprimo` or `ventesimo primo`, and the one of today, `undicesimo` or `ventunesimo`;
/// in the last place `undecimo` and `duodecimo`.
fn italian(number: u32) -> [String; 3] {
    const UNITS: &str = " primo secondo terzo quarto quinto sesto settimo ottavo nono";
    const TENS: &str = " decimo ventesimo trentesimo quarantesimo cinquantesimo sessantesimo settantesimo ottantesimo novantesimo centesimo";
    const TEENS: &str = "decimo undicesimo dodicesimo tredicesimo quattordicesimo quindicesimo sedicesimo diciassettesimo diciottesimo diciannovesimo";
    const STEMS: &str = "  venti trenta quaranta cinquanta sessanta settanta ottanta novanta";
    const ENDINGS: &str =
        " unesimo duesimo treesimo quattresimo cinquesimo seiesimo settesimo ottesimo novesimo";
    let (tens, units) = divided(number);
    let today = match (tens, units) {
        (0 | 10, _) | (2.., 0) => String::new(),
        (1, _) => nth(TEENS, units).to_owned(),
        // The vowel falls before another: ventuno, ventotto.
        (_, 1 | 8) => format!("{}{}", nth(STEMS, tens).trim_end_matches(['a', 'i']), nth(ENDINGS, units)),
        _ => format!("{}{}", nth(STEMS, tens), nth(ENDINGS, units)),
    };
    let learned = match number {
        11 => "undecimo",
        12 => "duodecimo",
        _ => "",
    };
    [format!("{}{}", nth(TENS, tens), nth(UNITS, units)), today, learned.to_owned()]
}

/// As it stands before a noun: `Erster Gesang`.
fn german(number: u32) -> String {
    const ORDINALS: &str = " erster zweiter dritter vierter fünfter sechster siebenter achter neunter zehnter elfter zwölfter dreizehnter vierzehnter fünfzehnter sechzehnter siebzehnter achtzehnter neunzehnter";
    const UNITS: &str = " ein zwei drei vier fünf sechs sieben acht neun";
    const TENS: &str = "  zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig hundert";
    match divided(number) {
        (0 | 1, _) => nth(ORDINALS, number as usize).to_owned(),
        (tens, 0) => format!("{}ster", nth(TENS, tens)),
        (tens, units) => format!("{}und{}ster", nth(UNITS, units), nth(TENS, tens)),
    }
}

/// Up to sixty, which no canto of a French edition passes.
fn french(number: u32) -> String {
    const ORDINALS: &str = " premier deuxième troisième quatrième cinquième sixième septième huitième neuvième dixième onzième douzième treizième quatorzième quinzième seizième";
    const TENS: &str = " dix vingt trent quarant cinquant soixant";
    match divided(number) {
        _ if number <= 16 => nth(ORDINALS, number as usize).to_owned(),
        (7.., _) => String::new(),
        (tens, 0) => format!("{}ième", nth(TENS, tens)),
        (tens @ (1 | 2), units) if (tens, units) != (2, 1) => {
            format!("{}{}", nth(TENS, tens), nth(ORDINALS, units))
        }
        (2, _) => "vingtetunième".to_owned(),
        (tens, 1) => format!("{}eetunième", nth(TENS, tens)),
        (tens, units) => format!("{}e{}", nth(TENS, tens), nth(ORDINALS, units)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_every_form() {
        for (text, wanted) in [
            ("1", 1),
            ("34", 34),
            ("I", 1),
            ("IV", 4),
            ("XIV", 14),
            ("XXXIII", 33),
            ("XCIX", 99),
            ("C", 100),
            ("One", 1),
            ("the First", 1),
            ("SECOND", 2),
            ("Twelfth", 12),
            ("Twenty-First", 21),
            ("thirty four", 34),
            ("Thirtieth", 30),
            ("fortieth", 40),
            ("primo", 1),
            ("DECIMO", 10),
            ("undecimo", 11),
            ("Decimoquarto", 14),
            ("Ventesimo primo", 21),
            ("ventunesimo", 21),
            ("ventottesimo", 28),
            ("trentesimoquarto", 34),
            ("trentaquattresimo", 34),
            ("Erster", 1),
            ("Siebter", 7),
            ("Einunddreißigster", 31),
            ("Zwanzigster", 20),
            ("premier", 1),
            ("dix-septième", 17),
            ("vingt et unième", 21),
            ("trente-quatrième", 34),
        ] {
            assert_eq!(number(text), Some(wanted), "{text}");
        }
        for text in ["", "0", "IZ", "iv", "x1", "primero y", "of the journey", "99999999999"] {
            assert_eq!(number(text), None, "{text}");
        }
    }

    #[test]
    fn no_word_stands_for_two_numbers() {
        let mut seen = std::collections::HashMap::new();
        for number in 1..=MOST {
            let names = [german(number), french(number)];
            for name in english(number).into_iter().chain(italian(number)).chain(names) {
                if !name.is_empty() {
                    assert_eq!(*seen.entry(name.clone()).or_insert(number), number, "{name}");
                }
            }
        }
    }
}
