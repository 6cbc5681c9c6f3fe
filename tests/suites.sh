# The suites: of each its name, a phrase, what it needs (tests/setup knows how to get it), and a function that runs it.
# tests/setup and tests/run read this file, in the root of the repository.
# shellcheck shell=bash disable=SC2034

suites=() by_hand=()
declare -A about needs
suite() {
  suites+=("$1")
  about[$1]=$2
  needs[$1]=${*:3}
}
# A suite that runs only where it is named.
suite_by_hand() {
  suite "$@"
  unset 'suites[-1]'
  by_hand+=("$1")
}

suite lint "formatting, clippy, types of JavaScript, licences of crates, documentation" \
  cargo rustfmt clippy npm npm-packages cargo-deny
lint_runs() {
  cargo fmt --all --check
  cargo clippy --locked --all-targets -- -D warnings
  npm --prefix tests run --silent check
  # Advisories need a network that not every machine has, and a day's date.
  cargo deny --offline check bans licenses sources
  RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --quiet
}

suite powershell "setup.ps1, parsed with a grammar of PowerShell" python-packages
powershell_runs() {
  "$cache/powershell/bin/python" tests/powershell/check.py setup.ps1
}

suite unit "cargo test: units, the binary, what it costs, and fuzzing for a few seconds" cargo npm systemd-analyze strace?
unit_runs() {
  cargo test --locked
  strace -c -o /dev/null true 2>/dev/null || {
    printf 'NOT RUN: how many system calls are made (tests/cost), for want of an strace that may trace\n' >&2
    return 78
  }
}

suite bench "benches/peers/run: that it measures Dante beside its peers; no time is judged" cargo npm bench-packages strace?
bench_runs() {
  node_tests benches/peers/*.test.js
  benches/peers/run --smoke
}

suite clients "the official clients of Socket.IO 2, 3 and 4, ws and eventsource" cargo npm npm-packages
clients_runs() {
  with_dante tests/js/*.test.js
}

suite interop "other people's clients (JavaScript, Python, Rust), the protocols' rules, and Autobahn's cases" \
  cargo npm npm-packages python-venv openssl-headers interop-packages
interop_runs() {
  # Two at a time: readers share the processor with the server that they judge.
  with_dante --test-concurrency=2 tests/interop/*.test.js
}

suite hosts "the pages and streams behind nginx, Apache, Caddy, HAProxy and iisnode's relay, and a Prometheus" \
  cargo npm npm-packages accuracy-packages python-venv openssl nginx apache2 caddy haproxy prometheus
hosts_runs() {
  with_dante --test-concurrency=2 tests/hosts/*.test.js
}

suite fleet "three nodes behind HAProxy that meet in a Redis, which is killed, emptied and slow, as nodes are killed and drained" \
  cargo npm npm-packages openssl haproxy redis-server
fleet_runs() {
  with_dante --test-concurrency=1 tests/fleet/*.test.js
}

faults_need="cargo npm npm-packages haproxy redis-server faketime python3"
suite faults "what readers get while everything breaks: a little of each fault" "$faults_need"
faults_runs() {
  # Its senders; a compiler has more time than a test.
  cargo test --locked --no-run --test fuzz
  with_dante --test-concurrency=1 tests/long/*.test.js
}

suite_by_hand long "the same with thousands of readers, in a quarter of an hour; writes docs/faults-survived.md" "$faults_need"
long_runs() {
  cargo build --locked --release
  cargo test --locked --no-run --test fuzz
  DANTE_LONG=1 DANTE_WRITE_DOCS=1 DANTE_BIN=${CARGO_TARGET_DIR:-$PWD/target}/release/dante \
    node --test --test-reporter=spec --test-concurrency=1 tests/long/*.test.js
}

suite probe "dante probe against good hosts and bad ones" \
  cargo npm npm-packages accuracy-packages apps-packages python-venv nginx apache2 caddy haproxy openssl chromium squid tinyproxy
probe_runs() {
  with_dante --test-concurrency=2 tests/probe/*.test.js
}

# A need with a question mark is had if it can be: what needs it is named as not run, and the rest is.
suite accuracy "dante probe against every kind of fault, on real proxies and stand-ins, and against healthy ones" \
  cargo npm npm-packages accuracy-packages python-venv openssl nginx apache2 caddy haproxy nginx-stream? lighttpd? \
  lighttpd-openssl? varnishd? traffic_server? squid? h2o? nghttpx? stunnel4? hitch? socat? redir? pen? systemd-socket-activate?
accuracy_runs() {
  with_dante tests/accuracy/*.test.js
  # Hosts whose programs this machine does not have; the file is written by the run.
  [ ! -s tests/artifacts/accuracy/not-run.txt ] || {
    printf 'hosts that were NOT RUN: %s\n' "$(tr '\n' ' ' <tests/artifacts/accuracy/not-run.txt)" >&2
    return 78
  }
}

suite apps "dante probe before frameworks that people use, each behind six proxies" \
  cargo npm npm-packages accuracy-packages apps-packages python-venv nginx apache2 caddy haproxy
apps_runs() {
  with_dante tests/apps/*.test.js
}

suite agreement "Chromium and Firefox behind hosts of HTTP/2, and what dante probe says of them" \
  cargo npm npm-packages accuracy-packages python-venv openssl apache2 caddy haproxy h2o nghttpx chromium firefox
agreement_runs() {
  CHROMIUM=$(find_chromium)
  FIREFOX=$(find_firefox)
  export CHROMIUM FIREFOX
  with_dante tests/agreement/*.test.js
}

suite remedies "the lines that dante probe says to paste, loaded by the programs that they are for" \
  cargo npm nginx apache2 caddy haproxy lighttpd lighttpd-openssl varnishd squid traffic_server h2o nghttpx accuracy-packages
remedies_runs() {
  # Envoy and Traefik come from PyPI.
  PATH=$PATH:$cache/accuracy/bin cargo test --locked --lib -- --ignored probe::hosts::loaded --nocapture
}

suite browser "the pages in Chromium and Firefox" cargo npm npm-packages chromium firefox redis-server
browser_runs() {
  CHROMIUM=$(find_chromium)
  FIREFOX=$(find_firefox)
  export CHROMIUM FIREFOX
  # One at a time: two browsers on two cores make stanzas late, and the page says so.
  with_dante --test-concurrency=1 tests/browser/*.test.js
}

suite windows "dante.exe under Wine" cargo npm npm-packages windows-toolchain
windows_runs() {
  tests/windows/run
}

cache=${XDG_CACHE_HOME:-$HOME/.cache}/dante
# Debian keeps servers where only root looks for programs.
PATH=$cache/tools/bin:$PATH:/usr/sbin:/sbin

# Builds Dante, and runs these tests with it.
with_dante() {
  cargo build --locked
  DANTE_BIN=${CARGO_TARGET_DIR:-$PWD/target}/debug/dante node_tests "$@"
}

# How long a test file may take; the longest takes five minutes on two cores.
file_limit_ms=900000

# Runs these tests of node's. What fails is written to the file `$failures`, too, which tests/run shows at the end.
# A file that does not end fails by its name, where the whole run would only stand still.
node_tests() {
  node --test --test-timeout=$file_limit_ms --test-reporter=spec --test-reporter-destination=stdout \
    --test-reporter="$PWD/tests/support/failures.js" --test-reporter-destination="${failures:-/dev/null}" "$@"
}

find_chromium() { first_of "${CHROMIUM:-}" chromium chromium-browser google-chrome; }
find_firefox() { first_of "${FIREFOX:-}" firefox-esr firefox; }

# Prints the path of the first program that is there.
first_of() {
  local program
  for program; do command -v "$program" && return; done
  return 1
}

# Sets `chosen` to the suites that the arguments name, or to all but those that are run by hand.
choose() {
  local name
  for name; do
    [ -n "$name" ] && [ -n "${about[$name]:-}" ] && continue
    printf '%s: unknown suite "%s". The suites are: %s.\n' "$0" "$name" "${suites[*]} ${by_hand[*]}" >&2
    exit 2
  done
  chosen=("${@:-${suites[@]}}")
}
