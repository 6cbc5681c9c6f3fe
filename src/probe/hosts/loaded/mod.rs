//! Every remedy that has lines is given to the program that it is for, within a small configuration of ours. What is not here is skipped
//! loudly; hosts that cannot be run here are listed, so that none is forgotten.

use std::{
    cell::RefCell,
    fs,
    io::{self, BufRead as _, BufReader, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Arc, Mutex,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

mod programs;

use super::{Host, Profile};
use crate::probe::verdicts::Remedy;

/// Hosts whose lines are for a cluster, a cloud, Windows, or a program without a check of its configuration.
const NOT_LOADED: &[Host] = &[
    Host::IngressNginx,
    Host::Istio,
    Host::Iis,
    Host::Iisnode,
    Host::HttpPlatform,
    Host::AspNetCore,
    Host::Mitmproxy,
    Host::AwsAlb,
    Host::ApplicationGateway,
    Host::GoogleLoadBalancer,
    Host::Heroku,
    Host::Ngrok,
];

/// The lines of one remedy, by where they belong.
struct Lines(RefCell<Vec<(String, String)>>);

impl Lines {
    fn new(remedy: Remedy) -> Self {
        let fill = |text: &str| text.replace("{prefix}", "/dante");
        let mut all = vec![(fill(remedy.text), String::new())];
        for line in remedy.lines {
            if let Some(place) = line.strip_prefix("# in ") {
                all.push((format!("in {}", fill(place)), String::new()));
            } else {
                let last = all.last_mut().unwrap();
                last.1 += &format!("{}\n", fill(line));
            }
        }
        all.retain(|(_, lines)| !lines.is_empty());
        Self(RefCell::new(all))
    }

    /// What belongs at this place; if nothing does, what stands there otherwise.
    fn at(&self, place: &str, otherwise: &str) -> String {
        let mut all = self.0.borrow_mut();
        let here = all.iter().position(|(known, _)| known.contains(place));
        here.map_or_else(|| otherwise.to_owned(), |at| all.remove(at).1)
    }

    /// The same, with each line moved in, for YAML.
    fn indented(&self, place: &str, by: usize) -> String {
        let lines = self.at(place, "");
        lines.lines().map(|line| format!("{:by$}{line}\n", "")).collect()
    }

    fn say(&self, part: &str) -> bool {
        self.0.borrow().iter().any(|(_, lines)| lines.contains(part))
    }
}

/// Where a program is, on the path or where Debian keeps servers.
fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin";
    path.split(':').map(|folder| Path::new(folder).join(program)).find(|path| path.is_file())
}

/// Runs a program to its end, and says what it complained of.
fn check(command: &mut Command, complaints: &[&str]) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let complains = complaints.iter().any(|words| said.contains(words));
    if output.status.success() && !complains { Ok(()) } else { Err(said) }
}

/// Starts a program that has no check, until it says that it has read its configuration, and ends it.
fn start(mut command: Command, ready: &str, complaints: &[&str]) -> Result<(), String> {
    let (reader, writer) = io::pipe().unwrap();
    command.stdin(Stdio::null()).stdout(writer.try_clone().unwrap()).stderr(writer);
    let child = Arc::new(Mutex::new(command.spawn().unwrap()));
    // Its ends of the pipe, so that only the program's are left.
    drop(command);
    let (done, waits) = mpsc::channel::<()>();
    let watched = child.clone();
    let watchdog = thread::spawn(move || {
        if waits.recv_timeout(Duration::from_secs(60)) == Err(RecvTimeoutError::Timeout) {
            // It may have ended by itself.
            let _ = watched.lock().unwrap().kill();
        }
    });
    let mut said = String::new();
    let mut result = Err(());
    for line in BufReader::new(reader).lines() {
        let line = line.unwrap();
        said += &format!("{line}\n");
        if complaints.iter().any(|words| line.contains(words)) {
            break;
        }
        if line.contains(ready) {
            result = Ok(());
            break;
        }
    }
    drop(done);
    watchdog.join().unwrap();
    let mut child = child.lock().unwrap();
    let _ = child.kill();
    child.wait().unwrap();
    result.map_err(|()| said)
}

/// A file of a configuration, in a folder that servers of any account can enter.
fn file(folder: &Path, name: &str, text: &str) -> PathBuf {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o777)).unwrap();
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    path
}

fn skip(what: &str) {
    // Past the test runner, which keeps what passing tests print.
    let _ = writeln!(io::stderr(), "SKIPPED: {what} is not here, and its remedies are not loaded");
}

type Load = fn(&Path, &Path, &Lines) -> Result<(), String>;

/// The program that reads a host's lines.
fn reader(host: Host) -> Option<(&'static str, Load)> {
    Some(match host {
        Host::Nginx => ("nginx", programs::nginx),
        Host::Apache => ("apache2", programs::apache),
        Host::Caddy => ("caddy", programs::caddy),
        Host::Haproxy => ("haproxy", programs::haproxy),
        Host::Lighttpd => ("lighttpd", programs::lighttpd),
        Host::Varnish => ("varnishd", programs::varnish),
        Host::Squid => ("squid", programs::squid),
        Host::TrafficServer => ("traffic_server", programs::traffic_server),
        Host::H2o => ("h2o", programs::h2o),
        Host::Nghttpx => ("nghttpx", programs::nghttpx),
        Host::Envoy => ("envoy", programs::envoy),
        Host::Traefik => ("traefik", programs::traefik),
        Host::Node
        | Host::HttpProxyMiddleware
        | Host::Express
        | Host::Fastify
        | Host::Vite
        | Host::WebpackDevServer => ("node", programs::node),
        _ => return None,
    })
}

#[test]
#[ignore = "runs fifteen servers a hundred times: tests/run remedies"]
fn programs_take_the_lines_of_their_remedies() {
    let mut wrong = String::new();
    for profile in Profile::all() {
        let mut remedies: Vec<_> =
            profile.remedies.iter().filter(|(_, remedy)| !remedy.lines.is_empty()).collect();
        // Many verdicts have the same.
        remedies.sort_by_key(|(_, remedy)| (remedy.text, remedy.lines));
        remedies.dedup_by_key(|(_, remedy)| *remedy);
        let Some((program, load)) = reader(profile.host) else {
            let listed = remedies.is_empty() || NOT_LOADED.contains(&profile.host);
            assert!(listed, "{} has lines, and nothing loads them", profile.name);
            continue;
        };
        let Some(path) = find(program) else {
            skip(profile.name);
            continue;
        };
        for (id, remedy) in remedies {
            let folder = tempfile::tempdir().unwrap();
            let lines = Lines::new(*remedy);
            if let Err(said) = load(&path, folder.path(), &lines) {
                wrong += &format!(
                    "\n{} does not take its remedy for {id}, {:#?}:\n{said}\n",
                    profile.name, remedy
                );
            }
            let rest = lines.0.borrow();
            assert!(rest.is_empty(), "{}: no place for {rest:?}", profile.name);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// A check that takes anything would be none.
#[test]
#[ignore = "runs servers: tests/run remedies"]
fn programs_refuse_other_lines() {
    for host in [Host::Nginx, Host::Apache, Host::Caddy, Host::Haproxy, Host::Varnish, Host::Squid, Host::H2o]
    {
        let (program, load) = reader(host).unwrap();
        let Some(path) = find(program) else { continue };
        let places = "in location, in the virtual host, in the site block, in the backend, in the VCL, in squid.conf, in the path";
        let folder = tempfile::tempdir().unwrap();
        let lines = Lines::new(Remedy::paste(places, &["no_such_directive: on;"]));
        assert!(load(&path, folder.path(), &lines).is_err(), "{program}");
    }
}
