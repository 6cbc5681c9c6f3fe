//! How many system calls the real binary makes, as strace counts them.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _},
    net::SocketAddr,
    process::{Child, Command, Stdio},
};

use libtest_mimic::Failed;

use crate::{
    STANZAS, each, hold, poem,
    readers::{self, Transport},
};

/// The time between two stanzas: tracing makes the server slow, and what is late might be sent together.
const INTERVAL: &str = "50ms";

/// The calls that send on a connection; `write` wakes threads and logs.
const SENDS: [&str; 4] = ["sendto", "sendmsg", "sendmmsg", "writev"];

/// Whether strace is there and may trace. Where it isn't, the tests are told as ignored.
pub(crate) fn can_be_counted() -> bool {
    let tried = Command::new("strace").args(["-c", "-o", "/dev/null", "true"]).stderr(Stdio::null()).status();
    tried.is_ok_and(|status| status.success())
}

/// Counts, and holds the counts against the most that may send on a connection, and the most of all.
pub(crate) fn check(transport: Transport, (sends, all): (f64, f64)) -> Result<(), Failed> {
    let [few, many] = STANZAS.map(|stanzas| count(transport, stanzas));
    hold(&[
        ("sends for each stanza", each(few.sends, many.sends), sends),
        ("system calls for each stanza", each(few.all, many.all), all),
    ])
}

struct Calls {
    sends: usize,
    all: usize,
}

/// All calls of a server whose readers read so many stanzas each.
fn count(transport: Transport, stanzas: usize) -> Calls {
    let folder = tempfile::tempdir().unwrap();
    let (file, counted) = (folder.path().join("poem.txt"), folder.path().join("calls"));
    fs::write(&file, poem()).unwrap();
    let server = Command::new(env!("CARGO_BIN_EXE_dante"))
        .args(["--listen", "0", "--grace", "0s", "--interval", INTERVAL, "--poem"])
        .arg(&file)
        .env("RUST_LOG", "error")
        .stdout(Stdio::piped())
        .spawn();
    let mut server = Killed(server.unwrap());
    let address = address(&mut server.0);
    let strace = Command::new("strace")
        .args(["-f", "-c", "-p", &server.0.id().to_string(), "-o"])
        .arg(&counted)
        .stderr(Stdio::piped())
        .spawn();
    let mut strace = Killed(strace.unwrap());
    let mut told = BufReader::new(strace.0.stderr.take().unwrap());
    let mut line = String::new();
    told.read_line(&mut line).unwrap();
    assert!(line.contains("attached"), "{line}");

    let mut joined = readers::join(address, transport, stanzas);
    readers::read(&mut joined, stanzas);
    drop(joined);
    assert!(Command::new("kill").arg(server.0.id().to_string()).status().unwrap().success());
    server.0.wait().unwrap();
    // It tells what it counted when the last thread has ended.
    told.read_to_string(&mut line).unwrap();
    strace.0.wait().unwrap();
    read_table(&fs::read_to_string(counted).unwrap())
}

/// What the banner says of where it listens.
fn address(server: &mut Child) -> SocketAddr {
    let banner = BufReader::new(server.stdout.as_mut().unwrap());
    let mut lines = banner.lines().map(Result::unwrap);
    let endpoint = lines.find(|line| line.trim().starts_with("endpoint")).expect("a banner");
    endpoint.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Reads strace's table: `% time`, seconds, µs, calls, errors or a blank, name; the last row is the sum.
fn read_table(table: &str) -> Calls {
    let mut calls = Calls { sends: 0, all: 0 };
    for row in table.lines() {
        let cells: Vec<_> = row.split_whitespace().collect();
        let (Some(name), Some(Ok(count))) = (cells.last(), cells.get(3).map(|cell| cell.parse::<usize>()))
        else {
            continue;
        };
        if *name == "total" {
            calls.all = count;
        } else if SENDS.contains(name) {
            calls.sends += count;
        }
    }
    assert!(calls.all > 0, "strace has another table: {table}");
    calls
}

/// A process that does not outlive its test.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        // It has ended, if all went well.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
