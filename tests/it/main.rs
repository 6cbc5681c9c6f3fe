//! The server in-process and the real binary, talked to as clients talk to it. One binary of modules.

// Sockets with paths and signals; the Windows side of the same code has unit tests beside it.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

mod admission;
mod bad_hosts;
mod binary;
mod connections;
mod cross_origin;
mod echo;
mod error_pages;
mod guests;
mod health;
mod hostile;
mod layers;
mod load;
mod log;
mod metrics;
mod pages;
mod payloads;
mod probe;
mod recipes;
mod room_pages;
mod rooms;
mod seen;
mod sessions;
mod shared_port;
mod status;
mod streams;
mod supervisor;
mod support;
mod systemd;
mod ways;
mod web_config;
mod websocket;
