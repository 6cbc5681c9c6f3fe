//! The server in-process and the real binary, talked to as clients talk to it. One binary of modules.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics has failed, as it should")]

mod binary;
mod guests;
mod hostile;
mod pages;
mod streams;
mod support;
