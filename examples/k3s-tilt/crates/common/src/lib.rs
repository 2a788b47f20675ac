//! What the server and the agent share: redis, settings from the environment, log lines, and the signal that ends them.

#![warn(missing_docs)]

pub mod log;
pub mod redis;
pub mod resp;
pub mod settings;
pub mod shutdown;
