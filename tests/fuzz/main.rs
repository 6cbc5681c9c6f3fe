//! Fuzzes a running Dante from several processes, while readers on every transport listen. Watched are silence, CPU,
//! memory, panics, and whether SIGTERM is obeyed. `tests/fuzz/run` says how long; what fails names its seed. CPU and
//! memory are read from Linux's /proc.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics has failed, as it should")]
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "clippy knows no test in one with a harness of its own"
)]

mod client;
mod fuzzer;
mod input;
mod server;
mod witness;

use std::{
    env,
    net::SocketAddr,
    process::{Command, ExitCode},
    time::Duration,
};

use libtest_mimic::{Arguments, Failed, Trial};
use tokio::{runtime::Runtime, time::sleep};

use server::Server;
use witness::Witness;

/// The variable that makes this process one of those that send; it holds the server's address.
const TARGET: &str = "DANTE_FUZZ_TARGET";

/// How late a stanza may be for a witness. Far more than the machine's noise, far less than a stuck server.
const LATE: Duration = Duration::from_secs(5);

/// From this length of a run on its memory is judged: by then sessions that were left open have been closed.
const LONG_RUN: Duration = Duration::from_secs(120);

/// How long after the last input the server's CPU is looked at, and for how long.
const SETTLE: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    let runtime = Runtime::new().unwrap();
    let length = Duration::from_secs(setting("DANTE_FUZZ_SECONDS").unwrap_or(15));
    if let Ok(target) = env::var(TARGET) {
        let target: SocketAddr = target.parse().unwrap();
        let seed = setting("DANTE_FUZZ_SEED").unwrap();
        return match runtime.block_on(fuzzer::run(target, seed, length)) {
            Ok(inputs) => {
                println!("seed {seed}: {inputs} inputs");
                ExitCode::SUCCESS
            }
            Err(silence) => {
                eprintln!("seed {seed}: {silence}");
                ExitCode::FAILURE
            }
        };
    }
    let processes = setting("DANTE_FUZZ_PROCESSES").unwrap_or(2);
    let seed = setting("DANTE_FUZZ_SEED").unwrap_or_else(|| fastrand::u64(0..1_000_000));
    let trial =
        Trial::test("readers_notice_nothing", move || runtime.block_on(fuzz(length, processes, seed)));
    libtest_mimic::run(&Arguments::from_args(), vec![trial]).exit_code()
}

fn setting(name: &str) -> Option<u64> {
    let value = env::var(name).ok().filter(|value| !value.is_empty())?;
    Some(value.parse().unwrap_or_else(|_| panic!("{name} {value:?}: give a whole number")))
}

async fn fuzz(length: Duration, processes: u64, seed: u64) -> Result<(), Failed> {
    println!("fuzzing for {length:?} in {processes} processes, the first with seed {seed}");
    let mut server = Server::start().await;
    let witnesses =
        Witness::all(server.address).map(|witness| (witness.name, tokio::spawn(witness.listen())));
    let senders = (0..processes).map(|number| {
        let mut command = Command::new(env::current_exe().unwrap());
        command.env(TARGET, server.address.to_string()).env("DANTE_FUZZ_SEED", (seed + number).to_string());
        server::End(command.env("DANTE_FUZZ_SECONDS", length.as_secs().to_string()).spawn().unwrap())
    });
    let senders: Vec<_> = senders.collect();

    let mut memory = Vec::new();
    for mut sender in senders {
        loop {
            if let Some(status) = sender.0.try_wait()? {
                check(status.success(), || {
                    "the server did not answer; see above for what it was sent".to_owned()
                })?;
                break;
            }
            memory.push(server.memory());
            sleep(Duration::from_millis(500)).await;
        }
    }

    sleep(SETTLE).await;
    let before = server.cpu();
    sleep(SETTLE).await;
    let busy = (server.cpu() - before).as_secs_f64() / SETTLE.as_secs_f64();
    check(busy < 0.5, || format!("nobody sends any more, and the server takes {busy:.2} of a core"))?;

    let (first, second) = memory.split_at(memory.len() / 2);
    let peak = |part: &[u64]| part.iter().copied().max().unwrap_or_default();
    let (first, second) = (peak(first), peak(second));
    println!(
        "memory: at most {first} KiB in the first half, {second} KiB in the second; CPU afterwards {busy:.2}"
    );
    // What the allocator keeps varies; a leak of each session would show many times over.
    check(length < LONG_RUN || second < first + first / 4, || {
        format!("memory grew from {first} to {second} KiB")
    })?;

    check(server.signal_and_wait().await == Some(0), || {
        "SIGTERM did not end it with exit code 0".to_owned()
    })?;
    for (name, witness) in witnesses {
        let heard = witness.await?.map_err(|error| format!("{name}: {error}"))?;
        println!(
            "{name}: {} stanzas, the latest {:?} after the one before",
            heard.stanzas, heard.longest_gap
        );
        check(heard.longest_gap < LATE, || {
            format!("{name}: a stanza came {:?} after the one before", heard.longest_gap)
        })?;
        check(heard.stanzas > 0, || format!("{name}: no stanza came"))?;
    }
    let panics = server.panics().await;
    check(panics.is_empty(), || panics.join("\n"))
}

fn check(good: bool, message: impl FnOnce() -> String) -> Result<(), Failed> {
    if good { Ok(()) } else { Err(message().into()) }
}
