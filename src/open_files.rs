//! How many files, connections among them, this process may have open.

/// Raises the limit to so many, as far as this process may, and returns what it is then; none for no limit.
#[cfg(unix)]
pub(crate) fn raise_limit(to: u64) -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let to = limit.maximum.map_or(to, |most| most.min(to));
    if limit.current.is_some_and(|current| current < to) {
        // Where it is refused (macOS has a lower limit than it says), what is there has to do.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(to), maximum: limit.maximum });
    }
    getrlimit(Resource::Nofile).current
}

/// Windows has no such limit.
#[cfg(not(unix))]
pub(crate) fn raise_limit(_: u64) -> Option<u64> {
    None
}
