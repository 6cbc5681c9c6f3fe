//! [`Wanted`]: which browser is meant, and where it may be. Pure, but for the question whether a program is there.

use std::path::{Path, PathBuf};

use super::BrowserError;
use crate::hosting::environment::Environment;

/// Names of programs on the path, those first that are most often what people mean.
const NAMES: &[&str] = &[
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "microsoft-edge-stable",
    "msedge",
];

/// The systems whose usual places are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum System {
    Linux,
    MacOs,
    Windows,
}

impl System {
    /// The one that this program runs on; others are like Linux.
    const fn here() -> Self {
        if cfg!(windows) {
            Self::Windows
        } else if cfg!(target_os = "macos") {
            Self::MacOs
        } else {
            Self::Linux
        }
    }

    /// Where installers put browsers that are not on the path.
    fn usual_places(self, env: &Environment) -> Vec<PathBuf> {
        let below = |variables: &[&str], paths: &[&str]| -> Vec<PathBuf> {
            let roots = variables.iter().filter_map(|name| env.get(name).map(PathBuf::from));
            roots.flat_map(|root| paths.iter().map(move |path| root.join(path))).collect()
        };
        match self {
            Self::Linux => {
                ["/opt/google/chrome/chrome", "/opt/microsoft/msedge/msedge", "/snap/bin/chromium"]
                    .map(PathBuf::from)
                    .into()
            }
            Self::MacOs => {
                const APPS: &[&str] = &[
                    "Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
                    "Applications/Chromium.app/Contents/MacOS/Chromium",
                    "Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
                ];
                let everybodys = APPS.iter().map(|app| Path::new("/").join(app));
                everybodys.chain(below(&["HOME"], APPS)).collect()
            }
            // Chrome may be installed for one user or for all; Edge is for all, in the folder of 32-bit programs.
            Self::Windows => below(
                &["PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"],
                &[
                    r"Google\Chrome\Application\chrome.exe",
                    r"Chromium\Application\chrome.exe",
                    r"Microsoft\Edge\Application\msedge.exe",
                ],
            ),
        }
    }
}

/// Which browser is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// What names it, and what is named: a path, or the name of a program on the path.
    named: Option<(&'static str, String)>,
    /// The folders of PATH.
    folders: Vec<PathBuf>,
    /// Where else one may be.
    places: Vec<PathBuf>,
    /// What programs' names end in.
    ending: &'static str,
}

impl Wanted {
    /// What `--browser` and the environment say; the option is empty where any browser will do. `CHROME_PATH` is what other tools
    /// read, too (chrome-launcher, and what uses it: Lighthouse).
    pub(crate) fn new(option: &str, env: &Environment) -> Self {
        Self::on(System::here(), option, env)
    }

    fn on(system: System, option: &str, env: &Environment) -> Self {
        let given = (!option.is_empty()).then(|| ("--browser", option.to_owned()));
        let path = env.get("PATH").unwrap_or_default();
        Self {
            named: given.or_else(|| Some(("CHROME_PATH", env.get("CHROME_PATH")?))),
            folders: std::env::split_paths(&path).filter(|folder| folder.is_absolute()).collect(),
            places: system.usual_places(env),
            ending: if system == System::Windows { ".exe" } else { "" },
        }
    }

    /// The browser's path.
    ///
    /// # Errors
    /// When it is not there.
    pub(crate) fn find(&self, is_program: impl Fn(&Path) -> bool) -> Result<PathBuf, BrowserError> {
        if let Some((by, named)) = &self.named {
            let candidates = if named.contains(['/', '\\']) {
                vec![PathBuf::from(named)]
            } else {
                self.on_path(named).collect()
            };
            let not_there = || BrowserError::NotThere { by, named: named.clone() };
            return candidates.into_iter().find(|path| is_program(path)).ok_or_else(not_there);
        }
        let on_path = NAMES.iter().flat_map(|name| self.on_path(name));
        let all = on_path.chain(self.places.iter().cloned());
        all.into_iter().find(|path| is_program(path)).ok_or_else(|| {
            let places = self.places.iter().map(|place| place.display().to_string());
            let looked = format!("{} in the folders of PATH, and for ", NAMES.join(", "));
            BrowserError::NotFound { looked: looked + &places.collect::<Vec<_>>().join(", ") }
        })
    }

    fn on_path(&self, name: &str) -> impl Iterator<Item = PathBuf> {
        let file =
            if name.ends_with(self.ending) { name.to_owned() } else { format!("{name}{}", self.ending) };
        self.folders.iter().map(move |folder| folder.join(&file))
    }
}

/// Whether a program is there, as far as the file system tells without starting it.
pub(super) fn is_program(path: &Path) -> bool {
    let Ok(about) = path.metadata() else { return false };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        about.is_file() && about.permissions().mode() & 0o111 != 0
    }
    #[cfg(not(unix))]
    about.is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(variables: &[(&str, &str)]) -> Environment {
        variables.iter().copied().collect()
    }

    #[cfg(unix)]
    fn found(wanted: &Wanted, there: &[&str]) -> Result<String, String> {
        let found = wanted.find(|path| there.iter().any(|one| Path::new(one) == path));
        found.map(|path| path.display().to_string()).map_err(|error| error.to_string())
    }

    #[cfg(unix)]
    #[test]
    fn what_is_named_counts() {
        let env = env(&[("PATH", "/usr/bin:relative:/opt/bin"), ("CHROME_PATH", "/c/chrome")]);
        let there = ["/usr/bin/chromium", "/opt/bin/brave", "/c/chrome", "/x/edge"];
        for (option, expected) in [
            ("/x/edge", Ok("/x/edge")),
            ("brave", Ok("/opt/bin/brave")),
            ("", Ok("/c/chrome")),
            ("/y/edge", Err("--browser \"/y/edge\": there is no such program")),
            ("opera", Err("--browser \"opera\": there is no such program")),
        ] {
            let found = found(&Wanted::on(System::Linux, option, &env), &there);
            match expected {
                Ok(path) => assert_eq!(found.as_deref(), Ok(path)),
                Err(start) => {
                    assert!(found.as_ref().is_err_and(|error| error.starts_with(start)), "{found:?}")
                }
            }
        }
    }

    #[cfg(unix)]
    #[test]
    fn the_path_comes_before_the_usual_places() {
        let env = env(&[("PATH", "/a:/b"), ("HOME", "/home/d")]);
        let linux = Wanted::on(System::Linux, "", &env);
        assert_eq!(found(&linux, &["/snap/bin/chromium", "/b/google-chrome"]).unwrap(), "/b/google-chrome");
        assert_eq!(found(&linux, &["/snap/bin/chromium"]).unwrap(), "/snap/bin/chromium");
        let nowhere = found(&linux, &[]).unwrap_err();
        for part in ["chromium", "PATH", "/opt/google/chrome/chrome", "--browser=PATH", "CHROME_PATH"] {
            assert!(nowhere.contains(part), "{nowhere}");
        }
        let mac = Wanted::on(System::MacOs, "", &env);
        let own = "/home/d/Applications/Chromium.app/Contents/MacOS/Chromium";
        assert_eq!(found(&mac, &[own]).unwrap(), own);
    }

    #[test]
    fn windows_has_its_own_places() {
        let env = env(&[("PROGRAMFILES(X86)", r"C:\x86"), ("LOCALAPPDATA", r"C:\own")]);
        let places = System::Windows.usual_places(&env);
        let edge = Path::new(r"C:\x86").join(r"Microsoft\Edge\Application\msedge.exe");
        let chrome = Path::new(r"C:\own").join(r"Google\Chrome\Application\chrome.exe");
        assert!(places.contains(&edge) && places.contains(&chrome), "{places:?}");
        let wanted = Wanted { folders: vec!["p".into()], ..Wanted::on(System::Windows, "", &env) };
        let on_path: Vec<_> = ["msedge", "chrome.exe"].iter().flat_map(|name| wanted.on_path(name)).collect();
        assert_eq!(on_path, [Path::new("p").join("msedge.exe"), Path::new("p").join("chrome.exe")]);
    }
}
