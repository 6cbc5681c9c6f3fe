//! The first line: who asks what, when, and what calls itself the server there. Pure.

use super::{
    layout::{DIM, Line, PLAIN, columns},
    look::Look,
};

/// Columns between the parts.
const BETWEEN: &str = "   ";
/// How many letters of a server's name are shown.
const SERVER: usize = 30;

/// What is known at the start.
#[derive(Debug)]
pub(super) struct Title {
    asks: String,
    when: String,
}

impl Title {
    /// The title of a probe of a URL that starts at a time, which is in RFC 3339.
    pub(super) fn new(url: &str, started: &str, look: Look) -> Self {
        let asks = look.text(&format!("dante {} → {url}", env!("CARGO_PKG_VERSION")));
        let minute = started.get(..16).unwrap_or(started).replace('T', " ");
        Self { asks, when: format!("{minute}Z") }
    }

    /// On one line, or on two where it is too long.
    pub(super) fn lines(&self, server: Option<&str>, look: Look) -> Vec<Line> {
        let server: String = look.text(server.unwrap_or_default()).chars().take(SERVER).collect();
        let rest =
            if server.is_empty() { self.when.clone() } else { format!("{}{BETWEEN}{server}", self.when) };
        if columns(&self.asks) + columns(BETWEEN) + columns(&rest) <= look.width {
            let start = Line::new(PLAIN, self.asks.as_str());
            return vec![start.with(DIM, format!("{BETWEEN}{rest}"))];
        }
        vec![Line::new(PLAIN, self.asks.as_str()), Line::new(DIM, format!("  {rest}"))]
    }
}
