//! What is done at each hop to see what is to be seen; one file for each group of hops.

pub(super) mod addresses;
pub(super) mod against;
pub(super) mod alone;
pub(super) mod app;
pub(super) mod browser;
pub(super) mod connection;
pub(super) mod crowd;
pub(super) mod echo;
pub(super) mod engine;
pub(super) mod files;
mod greeting;
pub(super) mod hold;
pub(super) mod http2;
pub(super) mod outermost;
pub(super) mod page;
pub(super) mod proxy;
pub(super) mod resume;
mod twice;
pub(super) mod upgrade;
mod verbatim;
