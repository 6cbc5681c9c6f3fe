//! `dante load`: opens many readers on a server, checks what each of them gets, and tells how soon and how late it came. Never imports the
//! server.
//!
//! `plan` and `target` say what is asked for, `run` goes through it, and `crew` has the engines, each with its `share`. An `engine` is an
//! event loop whose readers hold a `conversation` each; `tls` begins their handshakes where the
//! server is https; `check`, `texts` and `measure` judge and count what they hear. `report` tells it.

mod check;
mod conversation;
mod crew;
mod engine;
mod limits;
mod live;
mod measure;
mod outcome;
mod plan;
mod report;
mod run;
mod schedule;
mod share;
mod target;
mod texts;
mod tls;
mod usage;

pub use self::{
    plan::Plan,
    report::View,
    run::{LoadError, run},
};

/// What a process does that another one started for some of its readers.
///
/// # Errors
/// When it was not started for that, or fails.
pub fn work() -> std::io::Result<()> {
    // The limit is inherited, raised already.
    crew::work()
}
