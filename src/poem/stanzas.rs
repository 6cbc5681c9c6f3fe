//! The lines of a canto → stanzas, by blank lines or by indentation.

/// A block of lines longer than this is divided by its indentation, even where blank lines divide the text.
const LONG: usize = 20;

/// How a canto's lines are divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Division {
    /// By blank lines; only long blocks are looked at more closely.
    BlankLines,
    /// There are hardly any blank lines: indentation may tell the stanzas.
    Indentation,
}

/// Which division a poem needs that has so many `cantos` and so many blocks of lines between blank ones.
pub(super) fn division(cantos: usize, blocks: usize) -> Division {
    if blocks <= 2 * cantos.max(1) { Division::Indentation } else { Division::BlankLines }
}

/// The blocks of lines between blank lines.
pub(super) fn blocks<'a, 't>(lines: &'a [&'t str]) -> impl Iterator<Item = &'a [&'t str]> {
    lines.split(|line| line.trim().is_empty()).filter(|block| !block.is_empty())
}

/// Divides a block where its indentation says so; otherwise it is one stanza.
pub(super) fn stanzas<'a, 't>(block: &'a [&'t str], division: Division) -> Vec<&'a [&'t str]> {
    let long = block.len() > LONG;
    if !long && division == Division::BlankLines {
        return vec![block];
    }
    let openers = regular_openers(block, division).or_else(|| paragraph_openers(block).filter(|_| long));
    let Some(openers) = openers else { return vec![block] };
    let mut stanzas = Vec::new();
    let mut from = 0;
    for kind in openers.into_iter().filter(|kind| *kind > 0).chain([block.len()]) {
        stanzas.push(&block[from..kind]);
        from = kind;
    }
    stanzas
}

/// Lines that are set out or in, alone and as regularly as the first lines of tercets.
fn regular_openers(block: &[&str], division: Division) -> Option<Vec<usize>> {
    let least = block.iter().map(|line| indent(line)).min()?;
    [true, false].into_iter().find_map(|outdented| {
        let openers = lines_where(block, |line| (indent(line) == least) == outdented);
        let gaps: Vec<usize> = openers.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let usual = most_frequent(&gaps)?;
        let regular = gaps.iter().filter(|gap| **gap == usual).count() * 10 >= gaps.len() * 9;
        // Every second line is how quatrains and octaves are set, which are one stanza.
        let fits = (3..=14).contains(&usual) && openers[0] < usual && gaps.iter().all(|gap| *gap > 1);
        let enough = gaps.len() >= if division == Division::Indentation { 2 } else { 4 };
        // The last one may have no line after it: the closing line of a canto.
        let rest = block.len() - openers[openers.len() - 1];
        (regular && fits && enough && rest <= usual).then_some(openers)
    })
}

/// Lines that are set in, as the first lines of paragraphs are.
fn paragraph_openers(block: &[&str]) -> Option<Vec<usize>> {
    let least = block.iter().map(|line| indent(line)).min()?;
    let openers = lines_where(block, |line| indent(line) > least);
    let depth = indent(block[*openers.first()?]);
    let alike = openers.iter().all(|kind| indent(block[*kind]) == depth);
    let apart = openers.windows(2).all(|pair| pair[1] - pair[0] > 1);
    (openers.len() >= 2 && openers.len() * 3 <= block.len() && alike && apart).then_some(openers)
}

fn lines_where(block: &[&str], is: impl Fn(&str) -> bool) -> Vec<usize> {
    block.iter().enumerate().filter(|(_, line)| is(line)).map(|(at, _)| at).collect()
}

fn most_frequent(values: &[usize]) -> Option<usize> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted.chunk_by(|one, other| one == other).max_by_key(|same| same.len()).map(|same| same[0])
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// Joins lines after taking away the indentation that all of them share.
pub(super) fn outdent(lines: &[&str]) -> String {
    let shared = lines.iter().map(|line| indent(line)).min().unwrap_or(0);
    lines.iter().map(|line| line[shared..].trim_end()).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(text: &str, division: Division) -> Vec<usize> {
        let lines: Vec<_> = text.lines().collect();
        stanzas(&lines, division).iter().map(|stanza| stanza.len()).collect()
    }

    #[test]
    fn indentation_tells_stanzas() {
        use Division::{BlankLines, Indentation};
        let (out, within) = ("A\n  b\n  c\n", "  A\nb\nc\n");
        let octave = "A\n  b\n".repeat(4);
        let prose = format!("  A\n{}", "b\n".repeat(11));
        let tail = "A\nB\n  c\n".repeat(4);
        for (text, division, wanted) in [
            (out.repeat(3) + "Z", Indentation, vec![3, 3, 3, 1]),
            (within.repeat(3) + "  Z", Indentation, vec![3, 3, 3, 1]),
            (format!("  c\n{}", out.repeat(3)), Indentation, vec![1, 3, 3, 3]),
            (out.repeat(8), BlankLines, vec![3; 8]),
            (out.repeat(2), BlankLines, vec![6]),
            (octave.clone(), Indentation, vec![8]),
            (octave.repeat(10), BlankLines, vec![80]),
            (prose.repeat(3), BlankLines, vec![12; 3]),
            (prose.clone(), Indentation, vec![12]),
            ("a\n".repeat(30), Indentation, vec![30]),
            (tail, BlankLines, vec![12]),
            ("a".into(), Indentation, vec![1]),
        ] {
            assert_eq!(sizes(&text, division), wanted, "{text}");
        }
    }

    #[test]
    fn shared_indentation_goes() {
        assert_eq!(outdent(&["  a ", "    b", "  c"]), "a\n  b\nc");
        assert_eq!(outdent(&["    è", "  b"]), "  è\nb");
    }
}
