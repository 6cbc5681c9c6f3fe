//! Times that the user gives, each within what makes sense for it; [`HoldTime`]. Pure.

use std::time::Duration;

use crate::bad_value::BadValue;

/// How long connections are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HoldTime {
    /// At most.
    pub(crate) limit: Duration,
    /// Whether the limits of the host are to be found, and the hold may end as soon as they are.
    pub(crate) auto: bool,
}

/// What may be said of most.
const TIMES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60 * 60));

/// The longest watch.
const LONGEST_WATCH: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// How long `--hold auto` may take if nothing else is said, and what may be said.
const AUTO: Duration = Duration::from_secs(2 * 60);
const AUTO_TIMES: (Duration, Duration) = (Duration::from_secs(8), Duration::from_secs(10 * 60));

/// The time that an option of this name gives.
///
/// # Errors
/// When it cannot be used.
pub(super) fn read(name: &str, text: &str) -> Result<Duration, BadValue> {
    let refuse = |reason: &str| Err(BadValue::new(name, text, reason));
    match humantime::parse_duration(text) {
        Ok(time) if (TIMES.0..=TIMES.1).contains(&time) => Ok(time),
        Ok(_) => refuse("out of range; use 1s to 1h"),
        Err(_) => refuse("not a duration; write 15s or 2m"),
    }
}

/// For how long the host is watched; never where that would post again.
///
/// # Errors
/// When it cannot be used.
pub(super) fn watch(text: &str, posts: bool) -> Result<Duration, BadValue> {
    let refuse = |reason: &str| Err(BadValue::new("--watch", text, reason));
    if posts {
        return refuse("a POST is not repeated, since it may change something; use it without --post");
    }
    match humantime::parse_duration(text) {
        Ok(time) if (TIMES.0..=LONGEST_WATCH).contains(&time) => Ok(time),
        Ok(_) => refuse("out of range; use 1s to 7days"),
        Err(_) => refuse("not a duration; write 10m or 12h"),
    }
}

impl HoldTime {
    /// A time, `auto`, or `auto:` and the longest time.
    ///
    /// # Errors
    /// When it cannot be used.
    pub(super) fn read(text: &str) -> Result<Self, BadValue> {
        let Some(rest) = text.strip_prefix("auto") else {
            let limit = read("--hold", text).map_err(|_| {
                BadValue::new("--hold", text, "write a time from 1s to 1h, such as 65s; or auto, or auto:10m")
            })?;
            return Ok(Self { limit, auto: false });
        };
        if rest.is_empty() {
            return Ok(Self { limit: AUTO, auto: true });
        }
        let limit = rest.strip_prefix(':').and_then(|limit| humantime::parse_duration(limit).ok());
        match limit.filter(|limit| (AUTO_TIMES.0..=AUTO_TIMES.1).contains(limit)) {
            Some(limit) => Ok(Self { limit, auto: true }),
            None => Err(BadValue::new(
                "--hold",
                text,
                "write auto, or auto: and a time from 8s to 10m, such as auto:5m",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_to_hold() {
        for (text, seconds, auto) in [("20s", 20, false), ("auto", 120, true), ("auto:10m", 600, true)] {
            let limit = Duration::from_secs(seconds);
            assert_eq!(HoldTime::read(text).unwrap(), HoldTime { limit, auto });
        }
    }

    #[test]
    fn refusals_name_the_value_and_the_remedy() {
        let hold = |text: &str| HoldTime::read(text).unwrap_err().to_string();
        let watch = |text: &str, posts| watch(text, posts).unwrap_err().to_string();
        for (error, parts) in [
            (hold("0"), &["--hold", "1s"][..]),
            (hold("auto:1h"), &["--hold \"auto:1h\"", "10m"]),
            (hold("automatic"), &["--hold", "auto:5m"]),
            (read("--timeout", "soon").unwrap_err().to_string(), &["--timeout \"soon\"", "15s"]),
            (read("--for", "2h").unwrap_err().to_string(), &["--for \"2h\"", "1h"]),
            (watch("0", false), &["--watch", "1s"]),
            (watch("ever", false), &["--watch", "10m"]),
            (watch("1m", true), &["--watch", "--post"]),
        ] {
            assert!(parts.iter().all(|part| error.contains(part)), "{error}");
        }
    }
}
