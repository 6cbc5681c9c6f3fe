//! [`Reaper`]: ends a browser, and removes its profile, where the probe could not do so itself: it was killed (SIGKILL), or the system had
//! no memory for it.
//!
//! Safe code can neither ask the kernel to end a child with its parent (prctl(2), PR_SET_PDEATHSIG, which has to be called between fork and
//! exec) nor pass on the pipe with which Chromium ends (`--remote-debugging-pipe`, descriptors 3 and 4); and a profile would stay behind. A shell
//! that waits for the end of its input needs neither: the system closes a pipe, however a process ends. Windows has no such shell: there a
//! probe that is killed leaves its browser running.

use std::{path::Path, process::Child};

/// Its arguments are the group of the browser's processes, and the folder of the profile. What was killed may still be writing.
#[cfg(unix)]
const SCRIPT: &str = r#"read -r _; kill -s KILL -- "-$1"; rm -rf -- "$2" || { sleep 1; rm -rf -- "$2"; }"#;

/// A process that outlives us, if need be. It has to be dropped when the browser has ended, and is gone then.
#[derive(Debug)]
pub(super) struct Reaper(Option<Child>);

impl Reaper {
    /// Starts one for a browser with this group of processes, and this profile.
    #[cfg(unix)]
    pub(super) fn start(group: u32, profile: &Path) -> Self {
        use std::{
            os::unix::process::CommandExt as _,
            process::{Command, Stdio},
        };
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", SCRIPT, "dante-reaper", &group.to_string()]).arg(profile);
        shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        // Whatever is sent to all of our group, such as Ctrl-C, is not for it.
        shell.process_group(0);
        // Without a shell there is none, and the probe goes on: it is not needed where the probe ends in any usual way.
        Self(shell.spawn().ok())
    }

    /// There is none.
    #[cfg(windows)]
    pub(super) fn start(_group: u32, _profile: &Path) -> Self {
        Self(None)
    }
}

impl Drop for Reaper {
    fn drop(&mut self) {
        let Some(shell) = &mut self.0 else { return };
        // It may have ended by itself, and then there is nothing to do.
        let _ = shell.kill();
        let _ = shell.wait();
    }
}
