//! [`Refusals`]: requests that were refused, and are no fault of a host's; those are counted by [`FaultLog`].
//!
//! [`FaultLog`]: crate::hosting::fault::log::FaultLog

use std::sync::atomic::{AtomicU64, Ordering};

use strum::{EnumCount, IntoStaticStr, VariantArray};

/// Why a request was refused. The names are those of `/metrics`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumCount, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub(crate) enum Refusal {
    /// The server has as many readers as it may have.
    ServerFull,
    /// The client's address has as many readers as it may have.
    AddressFull,
    /// Any other answer from 400 to 499: a session that is not known here, an offset in another edition, a wrong method.
    Other,
}

impl Refusal {
    /// The name, for programs.
    pub(crate) fn name(self) -> &'static str {
        self.into()
    }
}

/// How many requests were refused, by reason.
#[derive(Debug, Default)]
pub(crate) struct Refusals([AtomicU64; Refusal::COUNT]);

impl Refusals {
    /// Counts one.
    pub(crate) fn note(&self, why: Refusal) {
        self.0[why as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// How many were refused for this reason.
    pub(crate) fn count(&self, why: Refusal) -> u64 {
        self.0[why as usize].load(Ordering::Relaxed)
    }
}
