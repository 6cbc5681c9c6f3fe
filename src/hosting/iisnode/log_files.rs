//! [`LogFiles`]: log files with iisnode's names, size limits and purging.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use super::VERSION_VARIABLE;
use crate::hosting::environment::Environment;

/// Where to log and how much, from iisnode's variables (iisnode cmoduleconfiguration.cpp:155-372).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogPlan {
    directory: PathBuf,
    /// `<COMPUTERNAME>-<pid>`, the start of every file's name.
    owner: String,
    max_file_bytes: u64,
    max_total_bytes: u64,
    max_files: usize,
}

impl LogPlan {
    /// The plan, if iisnode's logging is on. A relative directory is relative to the script.
    pub(crate) fn detect(env: &Environment, script: Option<&Path>, process_id: u32) -> Option<Self> {
        let enabled = env
            .get("IISNODE_LOGGINGENABLED")
            .filter(|value| value != "0" && !value.eq_ignore_ascii_case("false"));
        enabled.filter(|_| env.has(VERSION_VARIABLE))?;
        let limit = |name, default| env.get(name).and_then(|value| value.parse().ok()).unwrap_or(default);
        let folder = script.and_then(Path::parent).unwrap_or(Path::new("."));
        let computer = env.get("COMPUTERNAME").unwrap_or_else(|| "localhost".to_owned());
        Some(Self {
            directory: folder.join(env.get("IISNODE_LOGDIRECTORY").unwrap_or_else(|| "iisnode".to_owned())),
            owner: format!("{computer}-{process_id}"),
            // The defaults of iisnode's configuration schema.
            max_file_bytes: limit("IISNODE_MAXLOGFILESIZEINKB", 128) * 1024,
            max_total_bytes: limit("IISNODE_MAXTOTALLOGFILESIZEINKB", 1024) * 1024,
            max_files: usize::try_from(limit("IISNODE_MAXLOGFILES", 20)).unwrap_or(usize::MAX),
        })
    }

    /// A log for one stream; `stream` is `stdout` or `stderr`. The first line creates the first file.
    pub(crate) fn open(&self, stream: &'static str) -> LogFiles {
        LogFiles { plan: self.clone(), stream, current: None }
    }

    /// Removes the oldest logs in the directory until there is room for one more file.
    fn purge(&self) -> io::Result<()> {
        let mut logs = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            let entry = entry?;
            if entry.file_name().to_str().is_some_and(is_log) {
                let found = entry.metadata()?;
                logs.push((found.modified()?, found.len(), entry.path()));
            }
        }
        logs.sort();
        let mut total: u64 = logs.iter().map(|(_, bytes, _)| bytes).sum();
        let mut count = logs.len();
        for (_, bytes, path) in logs {
            if count < self.max_files && total + self.max_file_bytes <= self.max_total_bytes {
                break;
            }
            // On Windows, a file that an older process still writes to cannot be removed: leave it.
            if fs::remove_file(path).is_ok() {
                count -= 1;
                total -= bytes;
            }
        }
        Ok(())
    }
}

/// Whether a file is named like iisnode's logs: `<COMPUTERNAME>-<pid>-<stream>-<epoch ms>.txt`
/// (iisnode interceptor.js:18-204).
fn is_log(name: &str) -> bool {
    let digits = |part: Option<&str>| {
        part.is_some_and(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
    };
    let Some(stem) = name.strip_suffix(".txt") else { return false };
    let mut parts = stem.rsplit('-');
    digits(parts.next())
        && matches!(parts.next(), Some("stdout" | "stderr"))
        && digits(parts.next())
        && parts.next().is_some()
}

/// A log that continues in a new file when one is full.
#[derive(Debug)]
pub(crate) struct LogFiles {
    plan: LogPlan,
    stream: &'static str,
    current: Option<(File, u64)>,
}

impl LogFiles {
    fn next_file(&self) -> io::Result<File> {
        fs::create_dir_all(&self.plan.directory)?;
        self.plan.purge()?;
        let mut millis = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        loop {
            let name = format!("{}-{}-{millis}.txt", self.plan.owner, self.stream);
            match File::options().append(true).create_new(true).open(self.plan.directory.join(name)) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => millis += 1,
                other => return other,
            }
        }
    }
}

impl Write for LogFiles {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let bytes = line.len() as u64;
        let (mut file, written) = match self.current.take() {
            Some((file, written)) if written == 0 || written + bytes <= self.plan.max_file_bytes => {
                (file, written)
            }
            _ => (self.next_file()?, 0),
        };
        file.write_all(line)?;
        self.current = Some((file, written + bytes));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(dir: &Path, more: &[(&str, &str)]) -> Option<LogPlan> {
        let common =
            [("IISNODE_VERSION", "0.2.21"), ("COMPUTERNAME", "VERGIL"), ("IISNODE_LOGDIRECTORY", "logs")];
        let env = common.iter().chain(more).copied().collect();
        LogPlan::detect(&env, Some(&dir.join("server-socketio.js")), 77)
    }

    fn names(dir: &Path) -> Vec<String> {
        let entries = fs::read_dir(dir.join("logs")).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn logging_is_iisnodes_to_ask_for() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(plan(dir.path(), &[]), None);
        assert_eq!(plan(dir.path(), &[("IISNODE_LOGGINGENABLED", "0")]), None);
        assert!(plan(dir.path(), &[("IISNODE_LOGGINGENABLED", "1")]).is_some());
        let env = [("IISNODE_LOGGINGENABLED", "1")].into_iter().collect();
        assert_eq!(LogPlan::detect(&env, None, 1), None);
    }

    #[test]
    fn files_have_iisnodes_names_and_keep_its_limits() {
        let dir = tempfile::tempdir().unwrap();
        let limits = [
            ("IISNODE_LOGGINGENABLED", "1"),
            ("IISNODE_MAXLOGFILESIZEINKB", "1"),
            ("IISNODE_MAXTOTALLOGFILESIZEINKB", "100"),
            ("IISNODE_MAXLOGFILES", "3"),
        ];
        let mut log = plan(dir.path(), &limits).unwrap().open("stderr");
        fs::create_dir(dir.path().join("logs")).unwrap();
        fs::write(dir.path().join("logs/notes.txt"), "not ours").unwrap();
        for _ in 0..10 {
            log.write_all(&[b'x'; 600]).unwrap();
        }
        let names = names(dir.path());
        assert_eq!(names.len(), 4, "{names:?}");
        assert!(names.contains(&"notes.txt".to_owned()));
        assert!(names.iter().filter(|name| name.starts_with("VERGIL-77-stderr-")).count() == 3, "{names:?}");
    }
}
