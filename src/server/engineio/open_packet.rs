//! The packet that opens a session over long polling: whose session it is, and what Dante changes in it. Pure.

use serde::Deserialize;
use socketioxide::socket::Sid;

use super::{LARGEST_ANSWER, MAX_MESSAGE};

/// What there is to know of it.
#[derive(Deserialize)]
struct OpenPacket<'a> {
    sid: &'a str,
}

/// The session's id, and the packet as clients get it, from `0{…}` as the engine writes it; Engine.IO 3 has the length before it,
/// `97:0{…}`. None if it is something else.
///
/// The engine's limit is for its own answers, so the one for what clients post takes its place. And it always offers to upgrade, even
/// where it refuses to.
pub(super) fn revise(packet: &str, upgrades: bool) -> Option<(Sid, String)> {
    let open = packet.find("0{\"")?;
    let OpenPacket { sid } = serde_json::from_str(&packet[open + 1..]).ok()?;
    let id = sid.parse().ok()?;
    let limit = |bytes| format!(r#""maxPayload":{bytes}"#);
    let mut revised = packet[open..].replacen(&limit(LARGEST_ANSWER), &limit(MAX_MESSAGE as u64), 1);
    if !upgrades {
        revised = revised.replacen(r#""upgrades":["websocket"]"#, r#""upgrades":[]"#, 1);
    }
    Some((id, if open == 0 { revised } else { format!("{}:{revised}", revised.chars().count()) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_and_the_offer_are_ours() {
        let id = Sid::new();
        let packet = |upgrades, limit| {
            format!(r#"0{{"sid":"{id}","upgrades":[{upgrades}],"pingInterval":1,"maxPayload":{limit}}}"#)
        };
        let framed = |packet: &str| format!("{}:{packet}", packet.chars().count());
        let engines = packet(r#""websocket""#, LARGEST_ANSWER);
        for (upgrades, offer) in [(true, r#""websocket""#), (false, "")] {
            let ours = packet(offer, MAX_MESSAGE as u64);
            assert_eq!(revise(&engines, upgrades), Some((id, ours.clone())));
            assert_eq!(revise(&framed(&engines), upgrades), Some((id, framed(&ours))));
        }
        for other in ["ok", "", r#"0{"sid":"short"}"#, r#"0{"sid":"#] {
            assert_eq!(revise(other, true), None, "{other}");
        }
    }
}
