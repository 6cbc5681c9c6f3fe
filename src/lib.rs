//! Dante streams the *Divine Comedy* to every connected browser, one stanza every two seconds, over
//! Socket.IO, plain WebSocket and server-sent events; by itself, or behind any host.
//!
//! A run flows from top to bottom of this map, and so do the arrows of use; `docs/design.md` has the whole map:
//!
//! | module | what it knows |
//! |---|---|
//! | [`cli`] | what was typed |
//! | [`commands`] | what each command does |
//! | [`config`] | what it means, with the environment: a validated `Config` |
//! | `logging`, `banner`, `explain` | what is told to whoever runs it |
//! | [`probe`] | the view from outside; never imports the server |
//! | [`server`] | serving: routes, pages, and one file for each transport |
//! | [`echo`] | an origin to try a host with: WebSocket, SSE and POST, by sizes and pauses |
//! | [`load`] | many readers at once, and what each of them gets; never imports the server |
//! | `supervisor` | the thread that nothing holds up: signals, the grace period, the watchdog |
//! | [`hosting`] | where we are: host, prefix, endpoint; the files that hosts need, and what they do wrong |
//! | `conductor` | the one clock, and the `ReaderSink` that each transport lends it |
//! | `pulse`, `activity` | whether the conductor beats, and what the workers do |
//! | `reader_limits`, `open_files` | how many readers there may be, and how many connections |
//! | `lateness` | how late stanzas were sent |
//! | `memory` | what readers have left goes back to the system |
//! | `reading` | one reader's way through the poem |
//! | `contract` | what server and probe agree on: paths, events, names of faults |
//! | [`poem`] | the text, divided |
//! | `fleet` | the other nodes, which meet in Redis |
//! | `room` | all readers in a room at the same beat: its place, its readers, its token |
//! | `transport`, `engine_version` | the names of the transports, and the versions of Engine.IO |
//! | `departure` | why a reader has left |
//! | `origins` | whose pages may read |
//! | `bad_value` | how a setting is refused |
//! | `output` | whether anybody reads what is printed |
//! | `fuzzing`, `benching` | what the targets of `fuzz/` and `benches/own.rs` call; not in the program |

mod activity;
mod bad_value;
mod banner;
#[cfg(feature = "benching")]
pub mod benching;
pub mod cli;
pub mod commands;
mod conductor;
pub mod config;
mod contract;
mod departure;
pub mod echo;
mod engine_version;
mod explain;
mod fleet;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod hosting;
mod lateness;
pub mod load;
mod logging;
mod memory;
mod open_files;
mod origins;
mod output;
pub mod poem;
pub mod probe;
mod pulse;
mod query;
mod reader_limits;
mod reading;
mod room;
pub mod server;
mod signals;
mod supervisor;
mod transport;
mod watchdog;
