//! The server in-process and the real binary, talked to as clients talk to it. One binary of modules.

// Sockets with paths and signals; the Windows side of the same code has unit tests beside it.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

mod bad_hosts;
mod binary;
mod echo;
mod guests;
mod hostile;
mod layers;
mod pages;
mod payloads;
mod probe;
mod recipes;
mod seen;
mod status;
mod streams;
mod supervisor;
mod support;
mod systemd;
mod web_config;
