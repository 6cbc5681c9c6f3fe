//! What only iisnode needs: Dante must ignore arguments that are meant for Node.js, write its own log files (for
//! Node.js, iisnode's `interceptor.js` does that; the standard handles lead nowhere, iisnode
//! cnodeprocess.cpp:143-169), and repair two things that iisnode does to requests.

pub(crate) mod log_files;

use std::ffi::OsString;

use http::{HeaderMap, HeaderValue, header};

use super::{environment::Environment, prefix::Prefix};

/// Set for every program that iisnode starts.
pub(crate) const VERSION_VARIABLE: &str = "IISNODE_VERSION";

/// Drops the Node.js switches that iisnode adds when its debugger is used (iisnode cnodeprocess.cpp:81-119). Without
/// iisnode, the arguments stay as they are.
pub fn without_node_switches(args: impl Iterator<Item = OsString>, env: &Environment) -> Vec<OsString> {
    let behind_iisnode = env.has(VERSION_VARIABLE);
    let is_nodes = |arg: &OsString| {
        arg.to_str().is_some_and(|arg| arg.starts_with("--debug") || arg.starts_with("--inspect"))
    };
    args.filter(|arg| !(behind_iisnode && is_nodes(arg))).collect()
}

/// Restores `Connection: upgrade` on WebSocket requests. iisnode replaces `Connection` with `keep-alive` unless it is
/// exactly `upgrade`, and Firefox sends `keep-alive, Upgrade` (iisnode cprotocolbridge.cpp:722-729; iisnode#497).
pub(crate) fn repair_connection(headers: &mut HeaderMap) {
    let upgrade = headers.get(header::UPGRADE);
    if upgrade.is_some_and(|upgrade| upgrade.as_bytes().eq_ignore_ascii_case(b"websocket")) {
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    }
}

/// The prefix that iisnode passes if `promoteServerVars` names `SCRIPT_NAME`: the folder of the script. iisnode appends
/// its own header to what the client sent, so the last copy is the real one (iisnode chttpprotocol.cpp:164-248). A
/// single copy may be forged by the client, but a wrong prefix only gets that client a 404.
pub(crate) fn parse_script_name(headers: &HeaderMap) -> Option<Prefix> {
    let script = headers.get_all("x-iisnode-script_name").iter().next_back()?.to_str().ok()?;
    let (folder, _) = script.rsplit_once('/')?;
    if folder.is_empty() { Some(Prefix::ROOT) } else { Prefix::parse(folder).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_for_node_are_dropped_only_under_iisnode() {
        let args = || ["dante", "--debug=5858", "--interval", "1s"].into_iter().map(OsString::from);
        let iisnode = [("IISNODE_VERSION", "0.2")].into_iter().collect();
        assert_eq!(without_node_switches(args(), &iisnode), ["dante", "--interval", "1s"]);
        assert_eq!(without_node_switches(args(), &Environment::default()).len(), 4);
    }

    #[test]
    fn the_connection_header_is_repaired_for_websockets_only() {
        for (upgrade, connection) in
            [(Some("WebSocket"), "upgrade"), (Some("h2c"), "keep-alive"), (None, "keep-alive")]
        {
            let mut headers = HeaderMap::new();
            headers.insert("connection", HeaderValue::from_static("keep-alive"));
            if let Some(upgrade) = upgrade {
                headers.insert("upgrade", HeaderValue::from_static(upgrade));
            }
            repair_connection(&mut headers);
            assert_eq!(headers["connection"], connection, "{upgrade:?}");
        }
    }

    #[test]
    fn the_last_copy_of_the_script_name_counts() {
        let mut headers = HeaderMap::new();
        assert_eq!(parse_script_name(&headers), None);
        headers.append("x-iisnode-script_name", HeaderValue::from_static("/evil/x.js"));
        headers.append("x-iisnode-script_name", HeaderValue::from_static("/demo/server-socketio.js"));
        assert_eq!(parse_script_name(&headers), Prefix::parse("/demo").ok());
    }
}
