//! Ends of streams of applications. An end as the protocol has it is the application's own; one that cuts the stream off is not, and
//! has a cause only if it comes again. Pure.

use super::{AppStream, Finding, Hop, Severity, VerdictId};
use crate::probe::{diagnose::hold::near, evidence::Ended, hosts::Wait};

pub(super) fn rule(stream: &AppStream, fault: Severity) -> Option<Finding> {
    let ended = cut_off(stream)?;
    let finding = |id, line| Finding::new(id, Hop::App, fault, line);
    let after = seconds(ended.at_ms);
    let came = stream.counted(stream.events.len());
    let once = format!("it ended after {after} s and {came}: {}", ended.how);
    match ended.code {
        Some(1008) => return Some(finding(VerdictId::ClosedByPolicy, once)),
        Some(1009) => return Some(finding(VerdictId::MessageTooBig, once)),
        // What an application closes with is its own affair (RFC 6455, 7.4.2), and so is its own failure.
        Some(1011 | 3000..=4999) => {
            return Some(Finding::new(VerdictId::ApplicationError, Hop::App, Severity::Note, once));
        }
        _ => {}
    }
    let second = stream.again.as_deref().map(cut_off);
    Some(match second {
        Some(Some(second)) if near(ended.at_ms, second.at_ms) => {
            let line = format!(
                "it was cut after {after} s, and again after {} s ({} s after the last bytes): {}",
                seconds(second.at_ms),
                seconds(ended.quiet_ms),
                ended.how
            );
            // Where one event came after another, the last silence was no longer than half of its age.
            if ended.quiet_ms * 2 <= ended.at_ms + 200 {
                finding(VerdictId::AgeCut, line).after(Wait::Age, ended.at_ms)
            } else {
                finding(VerdictId::IdleCut, line).or(
                    &[VerdictId::AgeCut],
                    "let the application say something more often: a stream that then lives longer was cut for its silence",
                )
            }
        }
        Some(Some(second)) if near(ended.quiet_ms, second.quiet_ms) && ended.quiet_ms >= 500 => {
            let line =
                format!("it was cut after {} s of silence, twice: {}", seconds(ended.quiet_ms), ended.how);
            finding(VerdictId::IdleCut, line).after(Wait::Silence, ended.quiet_ms)
        }
        Some(Some(second)) => {
            finding(VerdictId::EarlyEnd, format!("{once}; and again after {} s", seconds(second.at_ms)))
        }
        Some(None) if matches!(ended.code, Some(1001 | 1012)) => {
            finding(VerdictId::ServerRestarted, format!("{once}; it did not end again"))
        }
        Some(None) => {
            let watched = stream.again.as_deref().map_or(0, |again| again.watched_ms);
            finding(VerdictId::EarlyEnd, format!("{once}; once more it lived for {} s", seconds(watched)))
        }
        None => finding(VerdictId::EarlyEnd, once),
    })
}

/// The end of a stream that was cut off: not as the protocol has it.
pub(super) fn cut_off(stream: &AppStream) -> Option<&Ended> {
    stream.ended.as_ref().filter(|_| stream.is_open() && !stream.complete)
}

fn seconds(ms: u64) -> String {
    format!("{:.1}", ms as f64 / 1000.0)
}
