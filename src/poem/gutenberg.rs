//! What Project Gutenberg puts around its texts, in the forms of five decades.

/// The text between header and licence.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Distributed<'a, 't> {
    /// The lines between.
    pub(super) lines: &'a [&'t str],
    /// How many lines of the header were left out, blank ones not counted.
    pub(super) header: usize,
    /// How many of the licence.
    pub(super) licence: usize,
}

/// Takes header and licence off; `None` if there are none.
pub(super) fn unpack<'a, 't>(lines: &'a [&'t str]) -> Option<Distributed<'a, 't>> {
    let end = lines.iter().position(|line| is_end(line));
    let to = end.unwrap_or(lines.len());
    // The last one: the small print stands after other marks. After the text it is part of the licence.
    let start = lines[..to].iter().rposition(|line| is_start(line));
    if start.is_none() && end.is_none() {
        return None;
    }
    let from = start.map_or(0, |start| end_of_marker(lines, start));
    // Some have no mark at the start, but a first line that names the project.
    let from = if start.is_none() { unmarked_header(&lines[..to]) } else { from };
    let count = |lines: &[&str]| lines.iter().filter(|line| !line.trim().is_empty()).count();
    Some(Distributed { lines: &lines[from..to], header: count(&lines[..from]), licence: count(&lines[to..]) })
}

/// `*** START OF THE PROJECT GUTENBERG EBOOK X ***`, and `*END*THE SMALL PRINT! FOR PUBLIC DOMAIN ETEXTS*`,
/// where the header of the nineties ends.
fn is_start(line: &str) -> bool {
    let Some(text) = marker(line) else { return false };
    (text.starts_with("START OF") && text.contains("GUTENBERG"))
        || (text.starts_with("END") && text.contains("SMALL PRINT"))
}

/// `*** END OF …`, and the line that stands before it, without stars: `End of Project Gutenberg's Inferno`.
fn is_end(line: &str) -> bool {
    const ENDS: [&str; 9] = [
        "END OF PROJECT GUTENBERG",
        "END OF THE PROJECT GUTENBERG",
        "END OF THIS PROJECT GUTENBERG",
        "END OF THE COPYRIGHTED PROJECT GUTENBERG",
        "END OF THIS IS COPYRIGHTED PROJECT GUTENBERG",
        "END THE PROJECT GUTENBERG",
        "FIN DE PROJECT GUTENBERG",
        "ENDE DIESES PROJECT GUTENBERG",
        "ENDE DIESES PROJEKT GUTENBERG",
    ];
    let line = line.trim().trim_matches(['*', ' ']);
    // Lines are short; the rest is not of interest.
    let start: String = line.chars().take(48).collect::<String>().to_uppercase();
    ENDS.iter().any(|end| start.starts_with(end)) || start.starts_with("FULL PROJECT GUTENBERG LICENSE")
}

/// A line that begins with a star, in capitals and without the stars.
fn marker(line: &str) -> Option<String> {
    let line = line.trim();
    line.starts_with('*').then(|| line.trim_matches(['*', ' ']).to_uppercase())
}

/// The line after a mark: a long title makes it two or three lines long.
fn end_of_marker(lines: &[&str], start: usize) -> usize {
    let closed = |line: &&str| line.trim_end().ends_with('*');
    if closed(&lines[start]) {
        return start + 1;
    }
    let rest = lines[start + 1..].iter().take(3).take_while(|line| !line.trim().is_empty());
    rest.clone().position(closed).map_or(start + 1, |more| start + more + 2)
}

/// Where the first paragraph ends, if it names the project.
fn unmarked_header(lines: &[&str]) -> usize {
    let first = lines.iter().position(|line| !line.trim().is_empty()).unwrap_or(0);
    let blank =
        lines.iter().skip(first).position(|line| line.trim().is_empty()).map_or(lines.len(), |at| first + at);
    let names = lines[first..blank].iter().any(|line| line.to_lowercase().contains("project gutenberg"));
    if names { blank } else { 0 }
}

/// Whether a paragraph tells who made the file.
pub(super) fn is_credit(paragraph: &str) -> bool {
    const STARTS: [&str; 14] = [
        "produced by",
        "e-text prepared",
        "etext prepared",
        "e-text produced",
        "text file produced",
        "transcribed by",
        "this etext was",
        "this e-text was",
        "this ebook was",
        "prepared by",
        "credits",
        "transcriber",
        "[transcriber",
        "[illustration",
    ];
    let start: String = paragraph.trim_start().chars().take(20).collect::<String>().to_lowercase();
    STARTS.iter().any(|known| start.starts_with(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unpacked(text: &str) -> Option<(String, usize, usize)> {
        let lines: Vec<_> = text.lines().collect();
        unpack(&lines).map(|found| (found.lines.join("\n").trim().to_owned(), found.header, found.licence))
    }

    #[test]
    fn marks_of_every_decade() {
        for start in [
            "*** START OF THE PROJECT GUTENBERG EBOOK A COMEDY ***",
            "*** START OF THIS PROJECT GUTENBERG EBOOK A COMEDY ***",
            "***START OF THE PROJECT GUTENBERG EBOOK A COMEDY***",
            "*** START OF PROJECT GUTENBERG EBOOK A COMEDY ***",
            "*END*THE SMALL PRINT! FOR PUBLIC DOMAIN ETEXTS*Ver.04.29.93*END*",
            "*END THE SMALL PRINT! FOR PUBLIC DOMAIN E-TEXTS*Ver.10.04.01*END*",
        ] {
            for end in [
                "*** END OF THE PROJECT GUTENBERG EBOOK A COMEDY ***",
                "*** END OF THIS PROJECT GUTENBERG EBOOK A COMEDY ***",
                "***END OF THE PROJECT GUTENBERG EBOOK A COMEDY***",
                "End of the Project Gutenberg EBook of A Comedy, by Somebody",
                "End of Project Gutenberg's A Comedy, by Somebody",
                "End of The Project Gutenberg Etext of A Comedy",
                "Ende dieses Projekt Gutenberg Etextes Komödie",
            ] {
                let text =
                    format!("The Project Gutenberg Etext\n\nTitle\n{start}\n\nA\nb\n\n{end}\n\nx\ny\n");
                assert_eq!(unpacked(&text), Some(("A\nb".into(), 3, 3)), "{start} {end}");
            }
        }
    }

    #[test]
    fn marks_can_be_long_or_missing() {
        let long = "h\n*** START OF THE PROJECT GUTENBERG EBOOK A LONG\nTITLE, VOLUME 1 ***\n\nA\n";
        assert_eq!(unpacked(long), Some(("A".into(), 3, 0)));
        let unmarked = "The Project Gutenberg Etext of A\nSomething\n\nA\n\nEnd of Project Gutenberg's A\n";
        assert_eq!(unpacked(unmarked), Some(("A".into(), 2, 1)));
        let print = "*END*THE SMALL PRINT! FOR PUBLIC DOMAIN EBOOKS*Ver.02/11/02*END*";
        let last = format!(
            "*** START OF THE PROJECT GUTENBERG EBOOK A ***\nA\nEnd of Project Gutenberg's A\nx\n{print}\n"
        );
        assert_eq!(unpacked(&last), Some(("A".into(), 1, 3)));
        assert_eq!(unpacked("A\n*** b\n\nThe end of the project\n*END*\n"), None);
    }
}
