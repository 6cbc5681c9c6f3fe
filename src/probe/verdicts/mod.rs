//! The table of all verdicts: the cause of each, and what fixes it on a host that is not known; `hosts` has what fixes it
//! on those that are. `docs/verdicts.md` is made from both.

mod browser;
mod connection;
mod engine;
mod http2;
mod id;
mod page;
mod proxy;
mod streams;

pub(crate) use id::VerdictId;

/// What is known of a verdict, whatever was seen.
#[derive(Debug)]
pub(crate) struct Entry {
    id: VerdictId,
    /// Why it happens, with the same placeholders as a [`Remedy`].
    pub(crate) cause: &'static str,
    /// What fixes it on any host.
    pub(crate) remedy: Remedy,
}

/// What fixes a verdict. In both parts `{prefix}` stands for the path to Dante without the slash at its end, and `{app}` for the name of what
/// is probed: Dante, or the application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Remedy {
    /// In words; with lines, where they belong.
    pub(crate) text: &'static str,
    /// Lines to paste.
    pub(crate) lines: &'static [&'static str],
}

impl Entry {
    const fn new(id: VerdictId, cause: &'static str, remedy: &'static str) -> Self {
        Self { id, cause, remedy: Remedy::text(remedy) }
    }
}

/// All tables, as their verdicts come in the document.
const TABLES: &[&[Entry]] = &[
    proxy::ENTRIES,
    connection::ENTRIES,
    page::ENTRIES,
    engine::ENTRIES,
    streams::ENTRIES,
    http2::ENTRIES,
    browser::ENTRIES,
];

impl Remedy {
    /// In words alone.
    pub(crate) const fn text(text: &'static str) -> Self {
        Self { text, lines: &[] }
    }

    /// Lines to paste, where the text says. One that starts with `# in ` says where those after it belong.
    pub(crate) const fn paste(text: &'static str, lines: &'static [&'static str]) -> Self {
        Self { text, lines }
    }
}

impl VerdictId {
    /// What is known of this verdict, whatever was seen.
    pub(crate) fn entry(self) -> &'static Entry {
        let mut all = TABLES.iter().copied().flatten();
        all.find(|entry| entry.id == self).expect("a test finds every verdict in the tables")
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use strum::VariantArray as _;

    use super::*;
    use crate::probe::hosts::Host;

    /// The text of `docs/verdicts.md`.
    fn document() -> String {
        let mut text = String::from(
            "# Verdicts of `dante probe`\n\n\
             Generated from `src/probe/verdicts/` and `src/probe/hosts/`. A test fails when it is out of date;\n\
             `EXPECTORATE=overwrite cargo test --lib probe` writes it again.\n",
        );
        let write = |remedy: Remedy| {
            [&[remedy.text], remedy.lines].concat().join("\n      ").replace("{app}", "Dante")
        };
        for id in VerdictId::VARIANTS {
            let entry = id.entry();
            let cause = entry.cause.replace("{app}", "Dante");
            write!(text, "\n## {id}\n\n{cause}\n\n- on any host: {}\n", write(entry.remedy)).unwrap();
            for (host, remedy) in Host::remedies(*id) {
                writeln!(text, "- {host}: {}", write(remedy)).unwrap();
            }
        }
        text
    }

    #[test]
    fn the_document_is_fresh() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/verdicts.md");
        expectorate::assert_contents(path, &document());
    }
}
