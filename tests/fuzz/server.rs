//! The real binary, and what the system says of it.

use std::{
    fs,
    net::SocketAddr,
    process::{Child, Command, Stdio},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process,
    task::JoinHandle,
    time::timeout,
};

use crate::witness::{INTERVAL, STANZAS};

/// How long it may take to end: the grace period, and a machine that is busy.
const END: Duration = Duration::from_secs(30);

/// A clock tick of Linux, in which /proc counts CPU time (sysconf(_SC_CLK_TCK), which is 100 on all its platforms).
const TICK: Duration = Duration::from_millis(10);

pub(crate) struct Server {
    child: process::Child,
    pub(crate) address: SocketAddr,
    id: u32,
    /// The lines of its log that tell of a panic.
    panics: JoinHandle<Vec<String>>,
    _folder: tempfile::TempDir,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let poem = folder.path().join("poem.txt");
        fs::write(&poem, (0..STANZAS).map(|index| format!("{index}\n\n")).collect::<String>()).unwrap();
        let interval = format!("{}ms", INTERVAL.as_millis());
        let mut child = process::Command::new(env!("CARGO_BIN_EXE_dante"))
            .args(["--listen", "0", "--grace", "10s", "--polling-duration", "1", "--interval", &interval])
            .arg("--poem")
            .arg(&poem)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut banner = BufReader::new(child.stdout.take().unwrap()).lines();
        let endpoint = loop {
            let line = banner.next_line().await.unwrap().expect("a banner");
            if let Some(endpoint) = line.trim().strip_prefix("endpoint ") {
                break endpoint.split_whitespace().next().unwrap().trim().parse().unwrap();
            }
        };
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        let panics = tokio::spawn(async move {
            let mut panics = Vec::new();
            while let Ok(Some(line)) = log.next_line().await {
                if line.contains("panicked") {
                    panics.push(line);
                }
            }
            panics
        });
        Self { id: child.id().unwrap(), child, address: endpoint, panics, _folder: folder }
    }

    /// Resident memory, in KiB.
    pub(crate) fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id)).expect("the server runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// CPU time, of user and system.
    pub(crate) fn cpu(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.id)).expect("the server runs");
        // Fields 14 and 15 (proc_pid_stat(5)); the second, a name in parentheses, may have blanks.
        let fields: Vec<_> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        TICK * (fields[11].parse::<u32>().unwrap() + fields[12].parse::<u32>().unwrap())
    }

    /// Asks it to stop; returns its exit code, if it ends.
    pub(crate) async fn signal_and_wait(&mut self) -> Option<i32> {
        let kill = Command::new("kill").args(["-s", "TERM", &self.id.to_string()]).status().unwrap();
        assert!(kill.success());
        timeout(END, self.child.wait()).await.ok()?.unwrap().code()
    }

    /// What its log tells of panics, up to its end.
    pub(crate) async fn panics(self) -> Vec<String> {
        self.panics.await.unwrap()
    }
}

/// A process that ends with the test.
pub(crate) struct End(pub(crate) Child);

impl Drop for End {
    fn drop(&mut self) {
        // An error means that it has ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
