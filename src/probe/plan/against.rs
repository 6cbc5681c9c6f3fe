//! Other places of the same stream (`--against`). Pure.

use crate::{
    bad_value::BadValue,
    probe::target::{self, Target},
};

/// How many other places may be named: with the host, as many as connections may be open.
const MOST_AGAINST: usize = 5;

/// URLs of other places; no more than there are connections.
///
/// # Errors
/// When it cannot be used.
pub(super) fn read(urls: &[String]) -> Result<Vec<Target>, BadValue> {
    if let Some(text) = urls.get(MOST_AGAINST) {
        let reason = format!("one too many; name at most {MOST_AGAINST} places");
        return Err(BadValue::new("--against", text, reason));
    }
    let place = |text: &String| {
        let page = target::page_of_websocket(text);
        Target::parse(page.as_deref().unwrap_or(text))
            .map_err(|reason| BadValue::new("--against", text, reason))
    };
    urls.iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        let urls = |urls: &[&str]| urls.iter().map(|url| (*url).to_owned()).collect::<Vec<_>>();
        let read_all = read(&urls(&["http://origin:8888/", "ws://origin/chat"])).unwrap();
        let read_all: Vec<_> = read_all.iter().map(ToString::to_string).collect();
        assert_eq!(read_all, ["http://origin:8888/", "http://origin/chat"]);
        for (wrong, parts) in [
            (urls(&["localhost:3000"]), &["--against \"localhost:3000\"", "http://localhost:3000"][..]),
            (urls(&["http://h/"; 6]), &["--against", "at most 5"]),
        ] {
            let error = read(&wrong).unwrap_err().to_string();
            assert!(parts.iter().all(|part| error.contains(part)), "{error}");
        }
    }
}
