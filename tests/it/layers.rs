//! The map of `docs/design.md` holds: each module uses only those that stand below it, so that there are no circles.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// The modules of `src/`, from top to bottom; those of one line do not use each other.
const LAYERS: [&[&str]; 8] = [
    &["fuzzing", "benching", "commands"],
    &["banner", "explain", "probe", "server", "echo", "load"],
    &["config", "logging"],
    &["conductor", "supervisor", "cli"],
    &["hosting", "reading"],
    &["poem", "contract", "pulse", "lateness", "activity", "watchdog", "signals", "memory", "reader_limits"],
    &["transport", "departure", "engine_version", "fleet", "origins", "query", "room"],
    &["bad_value", "output", "open_files"],
];

#[test]
fn arrows_point_downward() {
    let rank = |module: &str| LAYERS.iter().position(|layer| layer.contains(&module));
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut seen = BTreeSet::new();
    for path in sources(&source) {
        let first = path.strip_prefix(&source).unwrap().components().next().unwrap();
        let module = first.as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned();
        if ["lib", "main"].contains(&module.as_str()) {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let own = rank(&module).unwrap_or_else(|| panic!("{module} stands in no layer of this test"));
        for used in uses(&text).into_iter().filter(|used| *used != module) {
            let other = rank(used).unwrap_or_else(|| panic!("{}: {used} stands in no layer", path.display()));
            assert!(other > own, "{}: {module} uses {used}, which is not below it", path.display());
        }
        seen.insert(module);
    }
    assert_eq!(seen.len(), LAYERS.concat().len(), "a layer names a module that is not there");
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let all = entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] });
    all.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}

/// The modules that stand after `crate::` in a source, alone or in braces.
fn uses(text: &str) -> BTreeSet<&str> {
    let end = |text: &str| text.find(|letter: char| !letter.is_ascii_lowercase() && letter != '_');
    let mut used = BTreeSet::new();
    for after in text.split("crate::").skip(1) {
        let list = after.strip_prefix('{').map(|list| &list[..closing(list)]);
        for item in list.map_or_else(|| vec![after], items) {
            let item = item.trim_start();
            used.insert(&item[..end(item).unwrap_or(item.len())]);
        }
    }
    used.remove("");
    used
}

/// Where the brace that is open at the start of a text closes.
fn closing(text: &str) -> usize {
    let mut depth = 1;
    let end = text.find(|letter| {
        depth += match letter {
            '{' => 1,
            '}' => -1,
            _ => 0,
        };
        depth == 0
    });
    end.expect("a closing brace")
}

/// The items of a list, as far as they are not in braces within it.
fn items(list: &str) -> Vec<&str> {
    let mut depth = 0;
    let separates = |letter| {
        depth += match letter {
            '{' => 1,
            '}' => -1,
            _ => 0,
        };
        depth == 0 && letter == ','
    };
    list.split(separates).collect()
}
