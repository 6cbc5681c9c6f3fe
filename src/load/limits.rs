//! How many connections one process may have.

use crate::open_files;

/// Descriptors that are not readers' connections: standard streams, the event loop, pipes to other processes.
const OTHERS: u64 = 64;

/// Raises the limit on open files as far as this process may, and returns how many readers it can then have; none for no limit.
///
/// # Errors
/// When there is no room for a single one.
pub(super) fn most_readers() -> Result<Option<u32>, String> {
    let Some(files) = open_files::raise_limit(u64::MAX) else { return Ok(None) };
    match u32::try_from(files.saturating_sub(OTHERS)) {
        Ok(0) => Err(format!(
            "this process may open only {files} files; raise the limit, such as by ulimit -n 10000"
        )),
        Ok(readers) => Ok(Some(readers)),
        Err(_) => Ok(None),
    }
}
