//! Recipes that are not for proxies, given to the programs that will read them.

use std::{
    fs,
    io::{self, Write},
    process::{Command, Stdio},
};

use dante::hosting::recipes::{Recipe, Site, Wanted};

fn text(recipe: Recipe, wanted: &Wanted<'_>) -> String {
    recipe.render(&Site::read(recipe, wanted).unwrap()).unwrap()
}

/// What systemd says of the two units, or nothing where there is no systemd.
fn verify(exe: &str, prefix: &str, upstream: &str) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let unit = |name: &str, text: String| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let wanted = Wanted { prefix: Some(prefix), exe: Some(exe), ..Wanted::default() };
    let service = unit("dante.service", text(Recipe::Systemd, &wanted));
    let upstreams = [upstream.to_owned()];
    let wanted = Wanted { upstreams: &upstreams, ..Wanted::default() };
    let socket = unit("dante.socket", text(Recipe::SystemdSocket, &wanted));
    let Ok(output) = Command::new("systemd-analyze").arg("verify").args([service, socket]).output() else {
        // Past the test runner, which keeps what passing tests print.
        let _ =
            writeln!(io::stderr(), "SKIPPED: systemd-analyze is not here, and the units are not verified");
        return None;
    };
    Some(String::from_utf8(output.stderr).unwrap())
}

#[test]
fn systemd_takes_its_units() {
    for (prefix, upstream) in [
        ("/dante", "127.0.0.1:8888"),
        ("/", "[::1]:80"),
        ("/a b$c%41", "unix:/run/dante.sock"),
        ("/it's;so", "0.0.0.0:80"),
    ] {
        let Some(said) = verify("/bin/sh", prefix, upstream) else { return };
        assert_eq!(said, "", "{prefix} {upstream}");
    }
    // That the program is missing is right; that it is missed under this name proves the quotes.
    for exe in ["/opt/my 100% dante/%n", "/opt/a;b"] {
        let Some(said) = verify(exe, "/", "127.0.0.1:8888") else { return };
        assert!(said.contains(&format!("Command {exe} is not executable")), "{said}");
    }
}

#[test]
fn systemd_refuses_what_a_unit_cannot_hold() {
    for (recipe, exe, upstreams, words) in [
        (Recipe::Systemd, Some("dante"), &[][..], "absolute path"),
        (Recipe::Systemd, Some("/home/me/dante"), &[], "/usr/local/bin"),
        (Recipe::SystemdSocket, None, &["localhost:8888"], "127.0.0.1:8888"),
        (Recipe::SystemdSocket, None, &["127.0.0.1:1", "127.0.0.1:2"], "print another"),
        (Recipe::SystemdSocket, Some("/bin/dante"), &[], "not used for"),
        (Recipe::Azure, Some("/bin/dante"), &[], "not used for"),
    ] {
        let upstreams: Vec<_> = upstreams.iter().map(|text: &&str| (*text).to_owned()).collect();
        let wanted = Wanted { exe, upstreams: &upstreams, ..Wanted::default() };
        let refusal = Site::read(recipe, &wanted).unwrap_err().to_string();
        assert!(refusal.contains(words), "{refusal}");
    }
}

#[test]
fn the_shell_can_read_what_is_for_azure() {
    let mut bash =
        Command::new("bash").arg("-n").stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    bash.stdin.take().unwrap().write_all(text(Recipe::Azure, &Wanted::default()).as_bytes()).unwrap();
    let output = bash.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

/// A file whose last line has no end is one that editors and diffs complain about.
#[test]
fn every_recipe_ends_its_last_line() {
    use clap::ValueEnum;
    for recipe in Recipe::value_variants() {
        let text = text(*recipe, &Wanted::default());
        assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{recipe}");
    }
}
