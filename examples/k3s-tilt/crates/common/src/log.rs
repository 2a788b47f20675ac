//! Log lines on standard error, as many as RUST_LOG asks for.

use crate::settings;
use std::fmt::Arguments;
use std::sync::OnceLock;

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Something failed.
    Error,
    /// Something looks wrong.
    Warn,
    /// What happens.
    Info,
    /// What happens, in detail.
    Debug,
}

static LEVEL: OnceLock<Option<Level>> = OnceLock::new();

/// Writes a line when RUST_LOG wants it.
pub fn line(level: Level, words: Arguments<'_>) {
    let wanted = LEVEL.get_or_init(|| level_of(settings::optional("RUST_LOG").as_deref().unwrap_or("info")));
    if wanted.is_some_and(|wanted| level <= wanted) {
        eprintln!("{:5} {words}", format!("{level:?}").to_uppercase());
    }
}

/// The level that counts for all: of `warn,raibid_server=debug` it is the first. Nothing for `off`.
fn level_of(text: &str) -> Option<Level> {
    let general = text.split(',').find(|part| !part.contains('=')).unwrap_or("info");
    match general.trim().to_ascii_lowercase().as_str() {
        "off" => None,
        "error" => Some(Level::Error),
        "warn" => Some(Level::Warn),
        "debug" | "trace" => Some(Level::Debug),
        _ => Some(Level::Info),
    }
}

/// A line that says what happens.
#[macro_export]
macro_rules! info {
    ($($words:tt)*) => { $crate::log::line($crate::log::Level::Info, format_args!($($words)*)) };
}

/// A line that says in detail what happens.
#[macro_export]
macro_rules! debug {
    ($($words:tt)*) => { $crate::log::line($crate::log::Level::Debug, format_args!($($words)*)) };
}

/// A line that says what looks wrong.
#[macro_export]
macro_rules! warn {
    ($($words:tt)*) => { $crate::log::line($crate::log::Level::Warn, format_args!($($words)*)) };
}

/// A line that says what failed.
#[macro_export]
macro_rules! error {
    ($($words:tt)*) => { $crate::log::line($crate::log::Level::Error, format_args!($($words)*)) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_rust_log() {
        assert_eq!(level_of("debug"), Some(Level::Debug));
        assert_eq!(level_of("raibid_server=debug,WARN"), Some(Level::Warn));
        assert_eq!(level_of("raibid_server=debug"), Some(Level::Info));
        assert_eq!(level_of("off"), None);
    }
}
