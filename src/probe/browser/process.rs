//! [`Running`]: a browser that runs, with a profile of its own. It ends with all that it started, and its profile with it, however
//! the probe ends.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tempfile::TempDir;
use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
    time::timeout,
};
use tokio_util::task::AbortOnDropHandle;

use super::{BrowserError, Cdp, Wanted, Wishes, places, reaper::Reaper};

/// How long a browser may take until it listens: a first start from a slow disk takes some seconds.
const START: Duration = Duration::from_secs(30);
/// How long it may take to end by itself.
const END: Duration = Duration::from_secs(3);
/// How often, and how long apart, the removal of the profile is tried: what was killed may still be writing.
const REMOVALS: (u32, Duration) = (40, Duration::from_millis(25));
/// The longest path, in bytes, to which Chromium can add its own: `/org.chromium.Chromium.XXXXXX/SingletonSocket` (sun_path has 104
/// bytes on macOS, 108 on Linux; unix(7)).
const LONGEST_FOLDER: usize = 55;
/// What a browser says before the address at which it is led.
const LISTENS: &str = "DevTools listening on ";
/// How much of its words is kept, in lines.
const LAST_WORDS: usize = 3;

/// A browser that runs.
#[derive(Debug)]
pub(crate) struct Running {
    program: PathBuf,
    address: String,
    child: Child,
    profile: Option<TempDir>,
    /// Dropped after the browser was ended, below.
    _reaper: Option<Reaper>,
    /// A full pipe would stop it.
    _words: AbortOnDropHandle<()>,
}

impl Running {
    /// Finds the browser that is wanted, and starts it.
    ///
    /// # Errors
    /// When there is none, or it does not start.
    pub(crate) async fn start(wanted: &Wanted, wishes: &Wishes) -> Result<Self, BrowserError> {
        let program = wanted.find(places::is_program)?;
        let not_started =
            |why: String| BrowserError::NotStarted { program: program.display().to_string(), why };
        let profile = tempfile::Builder::new().prefix("dante-browser-").tempdir();
        let profile = profile
            .map_err(|error| not_started(format!("no folder for its profile can be made: {error}")))?;
        let mut command = Command::new(&program);
        command.args(wishes.arguments(profile.path(), is_root()));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
        // It makes a folder of its own there, with a socket whose path may have 103 bytes, and leaves it behind when it is killed.
        if profile.path().as_os_str().len() < LONGEST_FOLDER {
            command.env("TMPDIR", profile.path());
        }
        #[cfg(unix)]
        command.process_group(0);
        let mut child = command.spawn().map_err(|error| not_started(error.to_string()))?;
        let reaper = child.id().map(|group| Reaper::start(group, profile.path()));
        let words = child.stderr.take().expect("standard error is piped");
        // From here on whatever happens ends it.
        let mut running = Self {
            address: String::new(),
            child,
            profile: Some(profile),
            _reaper: reaper,
            _words: AbortOnDropHandle::new(tokio::spawn(async {})),
            program: program.clone(),
        };
        let mut words = BufReader::new(words);
        running.address = match timeout(START, address(&mut words)).await {
            Err(_) => return Err(not_started(format!("it did not listen within {} s", START.as_secs()))),
            Ok(Err(last_words)) => return Err(not_started(last_words)),
            Ok(Ok(address)) => address,
        };
        running._words = AbortOnDropHandle::new(tokio::spawn(async move {
            let mut nowhere = tokio::io::sink();
            // It ends with the browser; what it said is nobody's.
            let _ = tokio::io::copy(&mut words, &mut nowhere).await;
        }));
        Ok(running)
    }

    /// Its path.
    pub(crate) fn program(&self) -> &Path {
        &self.program
    }

    /// Connects to it.
    ///
    /// # Errors
    /// When it does not answer.
    pub(crate) async fn connect(&self) -> Result<Cdp, BrowserError> {
        Cdp::connect(&self.address).await.map_err(|error| BrowserError::NotLed {
            program: self.program.display().to_string(),
            why: error.to_string(),
        })
    }

    /// Lets it end by itself, after it was told to; else it is killed.
    pub(crate) async fn end(mut self) {
        // Whether it ended in time or not: what follows is the same.
        let _ = timeout(END, self.child.wait()).await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        kill_tree(&mut self.child);
        let Some(profile) = self.profile.take() else { return };
        let folder = profile.keep();
        let (times, apart) = REMOVALS;
        for _ in 0..times {
            if std::fs::remove_dir_all(&folder).is_ok() || !folder.exists() {
                return;
            }
            std::thread::sleep(apart);
        }
    }
}

/// The address that a browser tells, or its last words if it ends before.
async fn address(words: &mut (impl AsyncBufRead + Unpin)) -> Result<String, String> {
    let mut last = Vec::new();
    let mut line = Vec::new();
    loop {
        line.clear();
        match words.read_until(b'\n', &mut line).await {
            Ok(0) | Err(_) if last.is_empty() => return Err("it ended without a word".to_owned()),
            Ok(0) | Err(_) => return Err(last.join(" ")),
            Ok(_) => {}
        }
        let text: String = String::from_utf8_lossy(&line).trim().chars().take(300).collect();
        if let Some(address) = text.strip_prefix(LISTENS) {
            return Ok(address.to_owned());
        }
        if !text.is_empty() {
            last.drain(..(last.len() + 1).saturating_sub(LAST_WORDS));
            last.push(text);
        }
    }
}

/// Kills a browser with all that it started: they are in one group.
#[cfg(unix)]
fn kill_tree(child: &mut Child) {
    use rustix::process::{Pid, Signal, kill_process_group};
    let id = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    // Where it has ended by itself, what it started has done so before.
    if let Some(group) = id {
        let _ = kill_process_group(group, Signal::KILL);
    }
}

/// Kills a browser with all that it started, by the system's own program, as Puppeteer does it
/// (packages/browsers/src/launch.ts, `kill`).
#[cfg(windows)]
fn kill_tree(child: &mut Child) {
    let Some(id) = child.id() else { return };
    let mut taskkill = std::process::Command::new("taskkill");
    taskkill.args(["/pid", &id.to_string(), "/T", "/F"]);
    let quiet = taskkill.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if !quiet.status().is_ok_and(|status| status.success()) {
        let _ = child.start_kill();
    }
}

#[cfg(unix)]
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[cfg(windows)]
fn is_root() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn said(words: &str) -> Result<String, String> {
        address(&mut words.as_bytes()).await
    }

    #[tokio::test]
    async fn the_address_is_told_among_other_words() {
        let words =
            "[1:2:ERROR:dbus/bus.cc] no bus\n\nDevTools listening on ws://127.0.0.1:1/devtools/browser/x\n";
        assert_eq!(said(words).await.unwrap(), "ws://127.0.0.1:1/devtools/browser/x");
    }

    #[tokio::test]
    async fn last_words_are_the_reason() {
        assert_eq!(said("").await.unwrap_err(), "it ended without a word");
        assert_eq!(
            said("one\ntwo\n\nthree\nNo usable sandbox!").await.unwrap_err(),
            "two three No usable sandbox!"
        );
    }
}
