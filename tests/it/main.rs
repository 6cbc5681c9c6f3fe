//! The server in-process and the real binary, talked to as clients talk to it. One binary of modules.

mod binary;
mod guests;
mod hostile;
mod pages;
mod streams;
mod support;
