//! What processes use: this one's processor time, and a server's processor time and memory, as Linux tells in `/proc`.

use std::{fs, io, time::Duration};

/// What processes have used together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Usage {
    /// Processor time, in user and system mode.
    pub(super) cpu: Duration,
    /// Resident memory, in bytes.
    pub(super) resident: u64,
}

/// Processor time of this process; none where the system does not tell.
pub(super) fn own_cpu() -> Option<Duration> {
    #[cfg(unix)]
    {
        use rustix::time::{ClockId, clock_gettime};
        let time = clock_gettime(ClockId::ProcessCPUTime);
        Duration::try_from(time).ok()
    }
    #[cfg(not(unix))]
    None
}

impl Usage {
    /// What these processes have used up to now.
    ///
    /// # Errors
    /// When one of them is not there, or is not to be seen.
    pub(super) fn of(pids: &[u32]) -> io::Result<Self> {
        let mut all = Self::default();
        for pid in pids {
            let one = Self::of_one(*pid)?;
            all.cpu += one.cpu;
            all.resident += one.resident;
        }
        Ok(all)
    }

    fn of_one(pid: u32) -> io::Result<Self> {
        let read = |name: &str| fs::read_to_string(format!("/proc/{pid}/{name}"));
        let odd = || io::Error::new(io::ErrorKind::InvalidData, format!("/proc/{pid} is not as on Linux"));
        let ticks = cpu_ticks(&read("stat")?).ok_or_else(odd)?;
        let resident = resident_bytes(&read("status")?).ok_or_else(odd)?;
        let in_ticks = Duration::from_secs(ticks) / ticks_per_second();
        Ok(Self { cpu: in_ticks.max(run_time(pid)), resident })
    }
}

/// What the threads of a process have run so far: the same as [`cpu_ticks`], in nanoseconds, but without threads that have ended. Zero
/// where the kernel does not count it (proc(5), `schedstat`).
fn run_time(pid: u32) -> Duration {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let times = threads.filter_map(|thread| {
        let text = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split_ascii_whitespace().next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(times.sum())
}

#[cfg(unix)]
fn ticks_per_second() -> u32 {
    u32::try_from(rustix::param::clock_ticks_per_second()).unwrap_or(100).max(1)
}

#[cfg(not(unix))]
fn ticks_per_second() -> u32 {
    100
}

/// `utime` and `stime` of proc_pid_stat(5). The name before them stands in parentheses and may hold anything.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    let user: u64 = fields.nth(11)?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

/// `VmRSS` of proc_pid_status(5), which a process that has ended lacks.
fn resident_bytes(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.split_ascii_whitespace().next()?.parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_linux_says() {
        let stat = "7 (a ) b) S 1 7 7 0 -1 4194560 1 2 3 4 250 50 9 9 20 0 4 0 1 2 3";
        assert_eq!(cpu_ticks(stat), Some(300));
        assert_eq!(resident_bytes("Name:\tx\nVmRSS:\t    1024 kB\n"), Some(1024 * 1024));
        assert_eq!(resident_bytes("Name:\tx\nState:\tZ (zombie)\n"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_is_seen() {
        let own = Usage::of(&[std::process::id()]).unwrap();
        assert!(own.resident > 0 && own_cpu().is_some());
        let ticks = Duration::from_secs(1) / ticks_per_second();
        let seen = own_cpu().unwrap_or_default();
        assert!(own.cpu <= seen + ticks, "{:?} of {seen:?}", own.cpu);
        assert!(Usage::of(&[u32::MAX]).is_err());
    }
}
