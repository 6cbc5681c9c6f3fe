//! An installed browser, started with a profile of its own and led over the Chrome DevTools Protocol.
//!
//! | file | what it knows |
//! |---|---|
//! | `places` | where browsers are installed |
//! | `arguments` | how one is started |
//! | `process` | starting it, and ending it with all that it started |
//! | `reaper` | ending it where the probe was killed |
//! | `cdp` | commands and events |
//! | `page_report` | what Dante's own pages say of their streams |
//! | `recorder` | what events say of a page |

mod arguments;
mod cdp;
mod page_report;
mod places;
mod process;
mod reaper;
mod recorder;

pub(crate) use self::{
    arguments::Wishes,
    cdp::{Cdp, CdpError},
    page_report::{REPORT_SCRIPT, read_report},
    places::Wanted,
    process::Running,
    recorder::Recorder,
};

/// Why there is no browser to ask.
#[derive(Debug, thiserror::Error)]
pub enum BrowserError {
    /// None was found.
    #[error(
        "no browser found; looked for {looked}; install Chromium, Chrome or Edge, or name one: --browser=PATH or CHROME_PATH"
    )]
    NotFound {
        /// Where it was looked for.
        looked: String,
    },
    /// The one that was named is not there.
    #[error(
        "{by} {named:?}: there is no such program; name an installed Chromium, Chrome or Edge, or leave it out and let one be found"
    )]
    NotThere {
        /// What named it: an option or a variable.
        by: &'static str,
        /// What was named.
        named: String,
    },
    /// It ended, or could not even be started.
    #[error("the browser {program} did not start: {why}; name another one with --browser=PATH")]
    NotStarted {
        /// Its path.
        program: String,
        /// Why: the system's error, or its own last words.
        why: String,
    },
    /// It was started, and cannot be led.
    #[error(
        "the browser {program} does not answer its DevTools connection: {why}; name another one with --browser=PATH"
    )]
    NotLed {
        /// Its path.
        program: String,
        /// What went wrong with the connection.
        why: String,
    },
}
