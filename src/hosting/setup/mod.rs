//! What `setup.ps1` should do on a server with IIS: facts in, problems and steps out. The script only collects the
//! facts and carries out the steps; every decision is made here, where tests cover it. Pure.

mod iis;
mod install;
mod problems;
mod remove;

use serde::{Deserialize, Serialize};

use super::{environment::Environment, recipes::Recipe};
use iis::Configuration;

/// What the script found.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IisFacts {
    module: Module,
    /// The name of the application and of its pool.
    name: String,
    /// The site that gets the application.
    site: String,
    /// The site folder, absolute, without a backslash at the end.
    path: String,
    /// Whether to remove Dante.
    remove: bool,
    /// The program to install.
    source: Source,
    /// IIS's major version, if it is in the registry.
    iis_version: Option<u32>,
    /// The text of applicationHost.config.
    configuration: String,
    /// Whether the site folder exists.
    exists: bool,
    /// Its contents, and those of its folder for logs.
    items: Vec<Item>,
    /// Whether the pool's account may read what is in the site folder.
    reads: bool,
    /// Whether the pool's account may write logs.
    writes_logs: bool,
}

/// The modules of IIS that can start Dante, by the names that the script takes.
#[derive(Debug, Clone, Copy, Deserialize)]
enum Module {
    #[serde(rename = "iisnode")]
    Iisnode,
    HttpPlatformHandler,
    AspNetCore,
}

#[derive(Debug, Clone, Deserialize)]
struct Source {
    path: String,
    /// The file's SHA-256 in hexadecimal digits.
    hash: String,
}

/// A file or folder, by its path below the site folder.
#[derive(Debug, Clone, Deserialize)]
struct Item {
    name: String,
    folder: bool,
    /// The text of a file that may be ours.
    text: Option<String>,
}

/// What the script should print and do.
#[derive(Debug, Serialize)]
pub(crate) struct SetupPlan {
    /// Each is one line of value, reason and remedy. If there are any, the script must not change anything.
    pub(crate) problems: Vec<String>,
    /// In this order.
    pub(crate) steps: Vec<Step>,
    /// The address of Dante afterwards.
    pub(crate) url: String,
}

/// One step, which `-WhatIf` shows and `-Confirm` asks for.
#[derive(Debug, Serialize)]
pub(crate) struct Step {
    /// The verb.
    action: &'static str,
    /// Its object.
    what: String,
    /// Whether it is done already.
    done: bool,
    #[serde(flatten)]
    change: Change,
}

#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Change {
    Folder {
        path: String,
    },
    Copy {
        from: String,
        to: String,
    },
    Write {
        path: String,
        text: String,
    },
    Appcmd {
        arguments: Vec<String>,
    },
    Grant {
        path: String,
        rights: &'static str,
    },
    Remove {
        path: String,
        /// How long to wait for a process that still runs it, in seconds.
        patience: u32,
        /// Whether to keep it if an earlier item could not be removed, so that another run finds the rest.
        last: bool,
    },
    /// Does nothing; the script prints what it leaves.
    Leave,
}

/// Settings of the pool. Readers stay with one process for hours. By default IIS starts the .NET runtime in it, which
/// Dante does not need, stops it after 20 minutes without a request (idleTimeout) and replaces it every 29 hours
/// (periodicRestart), which cuts every stream.
const POOL: [(&str, &str); 3] = [
    ("managedRuntimeVersion", ""),
    ("processModel.idleTimeout", "00:00:00"),
    ("recycling.periodicRestart.time", "00:00:00"),
];

/// The file that iisnode's handler names.
const SCRIPT: &str = "server-socketio.js";
const SCRIPT_TEXT: &str = "// iisnode answers 404 unless this file exists. dante.exe answers every request; nothing reads this.\r\n";

/// Part of every web.config that Dante writes.
const MARK: &str = "dante hosting";

/// The suffix of a file that is still being written.
const NEW: &str = ".new";

/// Decides what to do.
pub(crate) fn plan(facts: &IisFacts, env: &Environment) -> SetupPlan {
    let iis = match Configuration::read(facts, env) {
        Ok(iis) => iis,
        Err(problem) => return SetupPlan { problems: vec![problem], steps: Vec::new(), url: String::new() },
    };
    let mut problems = problems::find(facts, &iis);
    let steps = if facts.remove {
        remove::steps(facts, &iis)
    } else {
        install::steps(facts, &iis).unwrap_or_else(|problem| {
            problems.push(problem.to_string());
            Vec::new()
        })
    };
    SetupPlan { problems, steps, url: iis.url() }
}

impl IisFacts {
    /// Reads what the script sends.
    ///
    /// # Errors
    /// When it is not the expected JSON, because script and program have different versions.
    pub(crate) fn parse(text: &str) -> serde_json::Result<Self> {
        // Windows PowerShell puts a byte order mark before what it sends when the console speaks UTF-8.
        serde_json::from_str(text.trim_start_matches('\u{feff}'))
    }

    fn below(&self, name: &str) -> String {
        format!(r"{}\{name}", self.path)
    }

    /// As appcmd names an application.
    fn application(&self) -> String {
        format!("{}/{}", self.site, self.name)
    }

    fn has(&self, name: &str) -> bool {
        self.items.iter().any(|item| item.name.eq_ignore_ascii_case(name))
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.items.iter().find(|item| item.name.eq_ignore_ascii_case(name))?.text.as_deref()
    }

    /// The items in the site folder itself.
    fn top(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|item| !item.name.contains('\\'))
    }
}

impl Module {
    fn recipe(self) -> Recipe {
        match self {
            Self::Iisnode => Recipe::Iisnode,
            Self::HttpPlatformHandler => Recipe::Httpplatform,
            Self::AspNetCore => Recipe::Aspnetcore,
        }
    }
}

impl Item {
    /// Whether the script put it there.
    fn is_ours(&self) -> bool {
        let name = self.name.to_ascii_lowercase();
        let text = self.text.as_deref().unwrap_or_default();
        match name.as_str() {
            "web.config" => text.contains(MARK),
            SCRIPT => text == SCRIPT_TEXT,
            "web.config.new" | "server-socketio.js.new" => !self.folder,
            "logs" => self.folder,
            _ => self.is_program() && !self.folder,
        }
    }

    /// Whether it is named as installed programs are: `dante-` and the start of the hash.
    fn is_program(&self) -> bool {
        let name = self.name.to_ascii_lowercase();
        let stem = name.strip_suffix(NEW).unwrap_or(&name);
        let hash = stem.strip_prefix("dante-").and_then(|rest| rest.strip_suffix(".exe"));
        hash.is_some_and(|hash| hash.len() == HASH && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
    }

    /// Whether it is a log, of ours or of IIS's module.
    fn is_log(&self) -> bool {
        let name = self.name.to_ascii_lowercase();
        let Some(file) = name.strip_prefix(r"logs\") else { return false };
        !self.folder && (file.ends_with(".txt") || file.ends_with(".log") || file == "index.html")
    }
}

/// How many digits of its hash are in a program's name.
const HASH: usize = 12;

#[cfg(test)]
mod tests;
