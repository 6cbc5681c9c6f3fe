//! What is done at each hop to see what is to be seen; one file for each group of hops.

pub mod connection;
pub mod engine;
pub mod hold;
pub mod page;
pub mod resume;
