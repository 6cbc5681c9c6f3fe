//! A small configuration for each program, with lines in their places.

use std::{fs, io::Write as _, os::unix::fs::PermissionsExt as _, path::Path, process::Command};

use super::{Lines, check, file, skip, start};

pub(super) fn nginx(program: &Path, folder: &Path, lines: &Lines) -> Result<(), String> {
    let d = folder.display();
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let temporary: String = temporary.iter().map(|name| format!("{name}_temp_path {d}/{name};\n")).collect();
    let location = lines.at("in location", "");
    let pass = if location.contains("proxy_pass") { "" } else { "proxy_pass http://dante;" };
    let server = lines.at("in the server block", "");
    let own = if server.contains("location") {
        String::new()
    } else {
        format!("location /dante/ {{\n{location}{pass}\n}}")
    };
    let (http, upstream) = (lines.at("in the http block", ""), lines.at("in the upstream block", ""));
    let text = format!(
        "pid {d}/nginx.pid;\nerror_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n{temporary}{http}upstream dante {{\n{upstream}server 127.0.0.1:8888;\n}}\nserver {{\nlisten unix:{d}/nginx.sock;\n{server}{own}\n}}\n}}\n"
    );
    let path = file(folder, "nginx.conf", &text);
    check(Command::new(program).args(["-t", "-e", "stderr", "-c"]).arg(path), &[])
}

pub(super) fn apache(program: &Path, folder: &Path, lines: &Lines) -> Result<(), String> {
    let d = folder.display();
    let modules =
        "mpm_event authz_core authn_core proxy proxy_http headers env alias ssl socache_shmcb cache";
    let modules: String = modules
        .split(' ')
        .map(|name| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"))
        .collect();
    let (host, location) = (lines.at("in the virtual host", ""), lines.at("in <Location", ""));
    let main = lines.at("in mpm_event.conf", "");
    let text = format!(
        "ServerRoot {d}\nDefaultRuntimeDir {d}\nPidFile {d}/apache.pid\nErrorLog {d}/error.log\nServerName localhost\n{modules}{main}<VirtualHost *:80>\n{host}<Location \"/dante/\">\n{location}</Location>\n</VirtualHost>\n"
    );
    let path = file(folder, "apache2.conf", &text);
    check(Command::new(program).arg("-t").arg("-f").arg(path), &[])
}

pub(super) fn caddy(program: &Path, folder: &Path, lines: &Lines) -> Result<(), String> {
    let (site, proxy) = (lines.at("in the site block", ""), lines.at("in reverse_proxy", ""));
    let text = format!(
        "{{\nadmin off\n}}\nhttp://127.0.0.1:8080 {{\n{site}reverse_proxy 127.0.0.1:8888 {{\n{proxy}}}\n}}\n"
    );
    let path = file(folder, "Caddyfile", &text);
    let mut command = Command::new(program);
    command.args(["validate", "--adapter", "caddyfile", "--config"]).arg(path);
    check(command.env("HOME", folder).env("XDG_DATA_HOME", folder).env("XDG_CONFIG_HOME", folder), &[])
}

pub(super) fn haproxy(program: &Path, folder: &Path, lines: &Lines) -> Result<(), String> {
    let compression = if lines.say("compression type") { "compression algo gzip\n" } else { "" };
    let backend = lines.at("in the backend", "");
    let server = if backend.contains("server dante") { "" } else { "server dante 127.0.0.1:8888\n" };
    let global = lines.at("in the global section", "");
    let defaults = lines.at("in the defaults section", "");
    let text = format!(
        "global\n{global}defaults\nmode http\ntimeout connect 5s\ntimeout client 1m\ntimeout server 1m\n{defaults}frontend f\nbind 127.0.0.1:8080\ndefault_backend b\nbackend b\n{compression}{backend}{server}"
    );
    let path = file(folder, "haproxy.cfg", &text);
    check(Command::new(program).arg("-c").arg("-f").arg(path), &["WARNING", "ALERT"])
}

pub(super) fn lighttpd(program: &Path, folder: &Path, lines: &Lines) -> Result<(), String> {
    let d = folder.display();
    let tls = if lines.say("ssl.") { ", \"mod_openssl\"" } else { "" };
    if !tls.is_empty() && !Path::new("/usr/lib/lighttpd/mod_openssl.so").is_file() {
        skip("lighttpd's mod_openssl");
        lines.at("in lighttpd.conf", "");
        return Ok(());
    }
    let own = lines.at("in lighttpd.conf", "");
    let server = if own.contains("proxy.server") {
        ""
    } else {
        "proxy.server = ( \"\" => ( ( \"host\" => \"127.0.0.1\", \"port\" => 1 ) ) )\n"
    };
    let (outside, inside) =
        if own.starts_with("proxy.") { (String::new(), own) } else { (own, String::new()) };
    let text = format!(
        "server.document-root = \"{d}\"\nserver.bind = \"{d}/lighttpd.sock\"\nserver.modules = ( \"mod_proxy\"{tls} )\n{outside}$HTTP[\"url\"] =~ \"^/dante/\" {{\n{server}{inside}}}\n"
    );
    let path = file(folder, "lighttpd.conf", &text);
    check(Command::new(program).arg("-tt").arg("-f").arg(path), &["unknown config-key", "WARNING"])
}

pub(super) fn varnish(program: &Path, folder: &Path, lines: &Lines) -> Result<(), String> {
    let own = lines.at("in the VCL", "");
    let backend = if own.contains("backend default") {
        ""
    } else {
        "backend default { .host = \"127.0.0.1\"; .port = \"1\"; }\n"
    };
    let path = file(folder, "default.vcl", &format!("vcl 4.1;\n{backend}{own}"));
    let options = lines.at("start varnishd with", "").replace('\n', " ");
    let mut command = Command::new(program);
    command.args(options.split_whitespace()).arg("-C").arg("-n").arg(folder.join("work")).arg("-f").arg(path);
    check(&mut command, &[])
}

pub(super) fn squid(program: &Path, folder: &Path, lines: &Lines) -> Result<(), String> {
    let d = folder.display();
    let own = lines.at("in squid.conf", "");
    let peer = if own.contains("cache_peer") {
        ""
    } else {
        "cache_peer 127.0.0.1 parent 1 0 no-query originserver name=dante\n"
    };
    let text = format!(
        "http_port 127.0.0.1:8080 accel defaultsite=example.org\n{peer}{own}http_access allow all\nvisible_hostname example.org\ncoredump_dir {d}\n"
    );
    let path = file(folder, "squid.conf", &text);
    let complaints = ["unrecognized", "FATAL", "Bungled", "ERROR", "WARNING"];
    check(Command::new(program).args(["-k", "parse", "-f"]).arg(path), &complaints)
}

pub(super) fn traffic_server(program: &Path, folder: &Path, lines: &Lines) -> Result<(), String> {
    let etc = folder.join("etc");
    for name in ["etc", "run", "log", "cache"] {
        fs::create_dir_all(folder.join(name)).unwrap();
        fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o777)).unwrap();
    }
    for entry in fs::read_dir("/etc/trafficserver").unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::copy(&path, etc.join(path.file_name().unwrap())).unwrap();
        }
    }
    let records = lines.at("in records.config", "");
    // Its check does not look at names.
    let known = fs::read(program).unwrap();
    for name in records.lines().filter_map(|line| line.split(' ').nth(1)) {
        if !known.windows(name.len()).any(|part| part == name.as_bytes()) {
            return Err(format!("{name} is in no {}", program.display()));
        }
    }
    fs::OpenOptions::new()
        .append(true)
        .open(etc.join("records.config"))
        .unwrap()
        .write_all(records.as_bytes())
        .unwrap();
    file(&etc, "remap.config", &lines.at("in remap.config", ""));
    file(&etc, "cache.config", &lines.at("in cache.config", ""));
    fs::set_permissions(folder, fs::Permissions::from_mode(0o777)).unwrap();
    let mut command = Command::new(program);
    command.args(["-C", "verify_config"]).env("PROXY_CONFIG_CONFIG_DIR", &etc);
    command.env("PROXY_CONFIG_LOCAL_STATE_DIR", folder.join("run"));
    check(command.env("PROXY_CONFIG_LOG_LOGFILE_DIR", folder.join("log")), &["ERROR", "WARNING"])
}

pub(super) fn h2o(program: &Path, folder: &Path, lines: &Lines) -> Result<(), String> {
    let top = lines.at("at the top of h2o.conf", "");
    let path = lines.indented("in the path", 8);
    let own = if path.contains("proxy.reverse.url") {
        ""
    } else {
        "        proxy.reverse.url: http://127.0.0.1:8888/dante/\n"
    };
    let socket = folder.join("h2o.sock");
    let text = format!(
        "{top}listen:\n  type: unix\n  port: {}\nhosts:\n  default:\n    paths:\n      /dante/:\n{own}{path}",
        socket.display()
    );
    let path = file(folder, "h2o.conf", &text);
    check(Command::new(program).arg("-t").arg("-c").arg(path), &[])
}

pub(super) fn nghttpx(program: &Path, folder: &Path, lines: &Lines) -> Result<(), String> {
    let text = lines.at("in nghttpx.conf", "");
    let path = file(folder, "nghttpx.conf", &text);
    let mut command = Command::new(program);
    command.arg(format!("--conf={}", path.display())).arg("--errorlog-file=/dev/stderr");
    command.arg(format!("--frontend=unix:{}/nghttpx.sock;no-tls", folder.display()));
    start(command, "Worker process", &["FATAL", "ERROR", "WARN"])
}

pub(super) fn envoy(program: &Path, folder: &Path, lines: &Lines) -> Result<(), String> {
    let manager = lines.indented("in the HTTP connection manager", 10);
    let route = lines.indented("in the route's action", 18);
    let cluster = lines.indented("in the cluster", 4);
    let filters = lines.indented("in http_filters", 10);
    let beside = lines.indented("in the route, beside match", 16);
    let text = format!(
        "static_resources:
  listeners:
  - address: {{ socket_address: {{ address: 127.0.0.1, port_value: 0 }} }}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          \"@type\": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: http
{manager}          route_config:
            virtual_hosts:
            - name: all
              domains: [\"*\"]
              routes:
              - match: {{ prefix: \"/dante/\" }}
                route:
                  cluster: dante
{route}{beside}          http_filters:
{filters}          - name: envoy.filters.http.router
            typed_config: {{ \"@type\": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router }}
  clusters:
  - name: dante
    connect_timeout: 5s
    load_assignment:
      cluster_name: dante
      endpoints: [{{ lb_endpoints: [{{ endpoint: {{ address: {{ socket_address: {{ address: 127.0.0.1, port_value: 8888 }} }} }} }}] }}]
{cluster}"
    );
    let path = file(folder, "envoy.yaml", &text);
    check(Command::new(program).args(["--mode", "validate", "-c"]).arg(path), &[])
}

pub(super) fn traefik(program: &Path, folder: &Path, lines: &Lines) -> Result<(), String> {
    let own = lines.at(
        "dynamic configuration",
        "http: { routers: { dante: { rule: PathPrefix(`/`), service: api@internal } } }\n",
    );
    let fixed = lines.at("static configuration", "entryPoints:\n  web: {}\n");
    // Any free port.
    let fixed = fixed.replace("  web: {}", "  web:\n    address: 127.0.0.1:0");
    let fixed = fixed.replace("  web:\n    transport:", "  web:\n    address: 127.0.0.1:0\n    transport:");
    let dynamic = file(folder, "dynamic.yml", &own);
    let text = format!(
        "{fixed}log:\n  level: DEBUG\n  format: json\nproviders:\n  file:\n    filename: {}\nglobal:\n  checkNewVersion: false\n",
        dynamic.display()
    );
    let path = file(folder, "traefik.yml", &text);
    let complaints = ["\"level\":\"error\"", "\"level\":\"fatal\"", "command traefik error"];
    let mut command = Command::new(program);
    command.arg(format!("--configFile={}", path.display()));
    start(command, "Configuration received", &complaints)
}

pub(super) fn node(program: &Path, folder: &Path, lines: &Lines) -> Result<(), String> {
    let name = if lines.say("module.exports") { "program.cjs" } else { "program.mjs" };
    let mut text = lines.at("in vite.config.js", "");
    text += &lines.at("in webpack.config.js", "");
    text += &lines.at("in the program", "");
    check(Command::new(program).arg("--check").arg(file(folder, name, &text)), &[])
}
