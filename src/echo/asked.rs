//! [`Asked`]: what a query asks an echo to send. Pure.

use std::time::Duration;

use crate::{
    bad_value::BadValue,
    contract::echo::{COUNT, EVERY, GROW, LONGEST_BODY, LONGEST_MESSAGE, SIZE},
    query::parameter,
};

/// The most messages of one stream.
const MOST: u64 = 10_000;
/// The longest time between two messages.
const LONGEST_PAUSE: Duration = Duration::from_secs(10 * 60);
/// The most by which a message may be larger than the one before.
const MOST_GROWTH: u64 = 1024;

/// The messages that are to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asked {
    /// How many.
    pub(super) count: u64,
    /// The size of the first, in bytes.
    pub(super) size: u64,
    /// How many times larger each is than the one before.
    pub(super) grow: u64,
    /// The time between two; the first is sent at once.
    pub(super) every: Duration,
}

impl Asked {
    /// Reads `count`, `size`, `grow` and `every`; so many messages are meant where no count stands.
    ///
    /// # Errors
    /// When one cannot be read, or all of them ask for too much.
    pub(super) fn read(query: &str, count: u64) -> Result<Self, BadValue> {
        let number = |name, default, least: u64, most: u64| match parameter(query, name) {
            None => Ok(default),
            Some(text) => {
                text.parse().ok().filter(|number| (least..=most).contains(number)).ok_or_else(|| {
                    BadValue::new(name, &text, format!("not a number from {least} to {most}; write one"))
                })
            }
        };
        let every = match parameter(query, EVERY) {
            None => Duration::from_secs(1),
            Some(text) => {
                let time = humantime::parse_duration(&text).ok().filter(|time| *time <= LONGEST_PAUSE);
                time.ok_or_else(|| {
                    BadValue::new(EVERY, &text, "not a time up to 10m; write one such as 2s, 250ms or 0s")
                })?
            }
        };
        let asked = Self {
            count: number(COUNT, count, 0, MOST)?,
            size: number(SIZE, 64, 1, LONGEST_MESSAGE as u64)?,
            grow: number(GROW, 1, 1, MOST_GROWTH)?,
            every,
        };
        let largest = asked.sizes().last().unwrap_or_default();
        if largest > LONGEST_MESSAGE as u64 {
            let reason = format!(
                "the last message would have more than {LONGEST_MESSAGE} bytes; ask for fewer or smaller ones"
            );
            return Err(BadValue::new(GROW, &asked.grow.to_string(), reason));
        }
        if asked.sizes().fold(0, u64::saturating_add) > LONGEST_BODY {
            let reason = format!(
                "all messages would have more than {LONGEST_BODY} bytes; ask for fewer or smaller ones"
            );
            return Err(BadValue::new(COUNT, &asked.count.to_string(), reason));
        }
        Ok(asked)
    }

    /// The size of each message.
    pub(super) fn sizes(self) -> impl Iterator<Item = u64> {
        let next = move |size: &u64| Some(size.saturating_mul(self.grow));
        std::iter::successors(Some(self.size), next).zip(0..self.count).map(|(size, _)| size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for() {
        let sizes = |query| Asked::read(query, 2).unwrap().sizes().collect::<Vec<_>>();
        assert_eq!(sizes(""), [64, 64]);
        assert_eq!(sizes("count=0"), [0; 0]);
        assert_eq!(sizes("count=3&size=1024&grow=4"), [1024, 4096, 16384]);
        assert_eq!(Asked::read("every=250ms", 1).unwrap().every, Duration::from_millis(250));
        assert_eq!(Asked::read("every=0s", 1).unwrap().every, Duration::ZERO);
    }

    #[test]
    fn refusals_name_value_reason_and_remedy() {
        for (query, parts) in [
            ("count=many", ["count \"many\"", "from 0 to 10000"]),
            ("count=10001", ["count \"10001\"", "from 0 to 10000"]),
            ("size=0", ["size \"0\"", "from 1 to 16777216"]),
            ("size=16777217", ["size \"16777217\"", "from 1"]),
            ("every=1", ["every \"1\"", "250ms"]),
            ("every=1h", ["every \"1h\"", "up to 10m"]),
            ("grow=0", ["grow \"0\"", "from 1 to 1024"]),
            ("count=9&size=1024&grow=4", ["grow \"4\"", "fewer or smaller"]),
            ("count=5&size=16777216", ["count \"5\"", "fewer or smaller"]),
            ("count=10000&size=1&grow=1024", ["grow \"1024\"", "fewer"]),
        ] {
            let error = Asked::read(query, 1).unwrap_err().to_string();
            assert!(parts.iter().all(|part| error.contains(part)), "{query}: {error}");
        }
    }
}
