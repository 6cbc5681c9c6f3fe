//! What a reader and a stanza cost, counted and not timed, so that it is the same on any machine: bytes on the heap, allocations, and
//! system calls. What was won stays won: [`LIMITS`] are a little above what was measured. Lower them with each gain.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]
#![allow(clippy::print_stderr, reason = "a test without the harness speaks for itself")]

mod calls;
mod heap;
mod readers;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

use readers::Transport;

/// The most that a reader and a stanza may cost.
struct Limit {
    transport: Transport,
    /// Bytes on the heap for each reader that is there, after more than 32 stanzas.
    reader_bytes: f64,
    /// Bytes allocated for each stanza. The clock's own, a few for each reader, depend on how readers come to share its slots.
    stanza_bytes: f64,
    /// Allocations for each stanza.
    stanza_allocations: f64,
    /// System calls for each stanza: those that send on a connection, and all. Readers that poll get several stanzas at once when the server is
    /// slow, as it is while calls are counted: that count would say nothing.
    calls: Option<(f64, f64)>,
}

const LIMITS: [Limit; 4] = [
    Limit {
        transport: Transport::SocketIo,
        reader_bytes: 20_700.0,
        stanza_bytes: 32.0,
        stanza_allocations: 0.2,
        calls: Some((1.05, 1.4)),
    },
    Limit {
        transport: Transport::WebSocket,
        reader_bytes: 2_600.0,
        stanza_bytes: 32.0,
        stanza_allocations: 0.2,
        calls: Some((1.05, 1.4)),
    },
    Limit {
        transport: Transport::Sse,
        reader_bytes: 1_900.0,
        stanza_bytes: 32.0,
        stanza_allocations: 0.2,
        calls: Some((1.05, 1.4)),
    },
    Limit {
        transport: Transport::Polling,
        reader_bytes: 60_000.0,
        stanza_bytes: 5_200.0,
        stanza_allocations: 26.0,
        calls: None,
    },
];

/// The most bytes on the heap for each connection that is kept and says nothing.
const QUIET_BYTES: f64 = 2_100.0;

/// How many readers there are at once.
const READERS: usize = 50;

/// How many stanzas each reads, in two runs: the difference is what stanzas cost, and what comes before and after them is not in it. It is a
/// multiple of 32, for which a channel allocates at once.
const STANZAS: [usize; 2] = [16, 16 + 64];

/// The most stanzas that a test's poem has, more than any reader reads in the time of a test.
const POEM: usize = 2_000;

fn main() -> ExitCode {
    let mut trials = Vec::new();
    for limit in &LIMITS {
        trials.push(Trial::test(format!("heap::{:?}", limit.transport), || heap::check(limit)));
        // Who polls is only noticed as gone when a ping is not answered, after a minute.
        if limit.transport != Transport::Polling {
            trials.push(Trial::test(format!("level::{:?}", limit.transport), || {
                heap::check_level(limit.transport)
            }));
        }
        if let Some(calls) = limit.calls {
            let trial = Trial::test(format!("calls::{:?}", limit.transport), move || {
                calls::check(limit.transport, calls)
            });
            trials.push(trial.with_ignored_flag(!calls::can_be_counted()));
        }
    }
    trials.push(Trial::test("heap::Quiet", || heap::check_quiet(QUIET_BYTES)));
    // What another test allocates at the same time would be counted.
    let arguments = Arguments { test_threads: Some(1), ..Arguments::from_args() };
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// What was counted for each reader or stanza, and the most that it may be.
fn hold(counts: &[(&str, f64, f64)]) -> Result<(), Failed> {
    let told: Vec<_> =
        counts.iter().map(|(what, count, limit)| format!("{count:.2} {what} (at most {limit})")).collect();
    let told = told.join(", ");
    eprintln!("{told}");
    if counts.iter().all(|(_, count, limit)| count <= limit) { Ok(()) } else { Err(told.into()) }
}

/// The difference of two runs, for each stanza more.
fn each(few: usize, many: usize) -> f64 {
    (many as f64 - few as f64) / ((STANZAS[1] - STANZAS[0]) * READERS) as f64
}

/// A poem of short stanzas.
fn poem() -> String {
    (0..POEM)
        .map(|index| {
            format!("Stanza {index}, of the length that a tercet may have: it was a forest dark.\n\n")
        })
        .collect()
}
