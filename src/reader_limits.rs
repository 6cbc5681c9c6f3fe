//! [`ReaderLimits`]: how many readers there may be, in all and from one address: by what was asked for, and by how many files the system lets
//! this process open. Pure.

use std::fmt;

/// As many as one core serves on time, one stanza every two seconds (docs/performance.md). Over Socket.IO they take some 330 MB.
const DEFAULT_READERS: usize = 20_000;

/// A school behind one address, with some tabs each; but one address may not take more than a quarter of the places.
const DEFAULT_PER_ADDRESS: usize = 1_000;

/// So many may come from one address in any case: with few places a quarter would be too few for one household.
const LEAST_PER_ADDRESS: usize = 16;

/// More than one process can serve; for what is typed.
pub(crate) const MOST_READERS: usize = 10_000_000;

/// Files that are kept for others than readers: for standard streams, the listener and the log, for page loads, and for telling whoever comes that there
/// is no room. Where the system allows it there are many more, one for every four readers.
const OTHER_FILES: u64 = 100;

/// What was asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct AskedLimits {
    pub(crate) readers: Option<usize>,
    pub(crate) per_address: Option<usize>,
}

/// The most readers that there may be at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ReaderLimits {
    /// In all.
    pub(crate) readers: usize,
    /// From one address.
    pub(crate) per_address: usize,
}

/// More readers were asked for than the system allows.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Shortfall {
    asked: usize,
    files: u64,
}

impl AskedLimits {
    /// How many files have to be open for these readers.
    pub(crate) fn files(self) -> u64 {
        files_for(self.readers.unwrap_or(DEFAULT_READERS))
    }

    /// What comes of it where a process may open so many files; none for no limit.
    pub(crate) fn within(self, files: Option<u64>) -> (ReaderLimits, Option<Shortfall>) {
        let asked = self.readers.unwrap_or(DEFAULT_READERS);
        let possible = files.map_or(usize::MAX, readers_for);
        let readers = asked.min(possible);
        let per_address = (readers / 4).clamp(LEAST_PER_ADDRESS, DEFAULT_PER_ADDRESS);
        let per_address = self.per_address.unwrap_or(per_address);
        // Who did not ask for a number does not miss it.
        let shortfall = self.readers.filter(|asked| *asked > possible);
        (
            ReaderLimits { readers, per_address },
            shortfall.zip(files).map(|(asked, files)| Shortfall { asked, files }),
        )
    }
}

impl fmt::Display for ReaderLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at most {}, and {} from one address", self.readers, self.per_address)
    }
}

impl fmt::Display for Shortfall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { asked, files } = self;
        let (possible, needed) = (readers_for(*files), files_for(*asked));
        write!(
            f,
            "--max-readers {asked} is more than this process can have: it may open {files} files, enough for {possible} readers; \
             raise the limit to {needed} (ulimit -n {needed}, or LimitNOFILE={needed} in systemd), or ask for fewer"
        )
    }
}

fn files_for(readers: usize) -> u64 {
    let readers = u64::try_from(readers).unwrap_or(u64::MAX / 2);
    readers + readers / 4 + OTHER_FILES
}

fn readers_for(files: u64) -> usize {
    usize::try_from(files.saturating_sub(OTHER_FILES)).unwrap_or(usize::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_follow_the_descriptors() {
        for (files, readers, per_address) in [
            (None, 20_000, 1_000),
            (Some(1_048_576), 20_000, 1_000),
            (Some(20_000), 19_900, 1_000),
            (Some(1024), 924, 231),
            (Some(256), 156, 39),
            (Some(10), 1, 16),
        ] {
            let (limits, shortfall) = AskedLimits::default().within(files);
            assert_eq!((limits.readers, limits.per_address), (readers, per_address), "{files:?}");
            assert_eq!(shortfall, None, "nobody asked");
        }
    }

    #[test]
    fn what_was_asked_for_is_taken_as_far_as_it_is_possible() {
        let asked = |readers, per_address| AskedLimits { readers: Some(readers), per_address };
        let (limits, shortfall) = asked(5, Some(2)).within(Some(1024));
        assert_eq!((limits, shortfall), (ReaderLimits { readers: 5, per_address: 2 }, None));
        let (limits, shortfall) = asked(50_000, None).within(Some(1024));
        assert_eq!(limits.readers, 924);
        let text = shortfall.unwrap().to_string();
        for part in
            ["--max-readers 50000", "may open 1024 files", "enough for 924 readers", "ulimit -n 62600"]
        {
            assert!(text.contains(part), "{text}");
        }
        assert_eq!(asked(50_000, None).within(Some(62_600)).1, None, "the remedy helps");
    }

    #[test]
    fn the_files_that_are_asked_for_are_enough() {
        for readers in [1, 2, 15, 16, 17, 900, 100_000, MOST_READERS] {
            assert!(readers_for(files_for(readers)) >= readers, "{readers}");
        }
    }
}
