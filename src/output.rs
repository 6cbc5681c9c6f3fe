//! What is printed may lose its reader: `dante probe … | head -1`.

use std::io;

/// Whether writing failed because nobody reads any more. A pipe says so with `EPIPE` (write(2)); where standard output is a socket, as
/// Node.js gives it to the programs that it starts, and something was left unread, with `ECONNRESET`.
pub(crate) fn has_no_reader(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_another_matter() {
        assert!(has_no_reader(&io::ErrorKind::BrokenPipe.into()));
        assert!(has_no_reader(&io::ErrorKind::ConnectionReset.into()));
        assert!(!has_no_reader(&io::ErrorKind::StorageFull.into()));
    }
}
