//! Settings from the environment.

use std::env;
use std::fmt::Display;
use std::str::FromStr;

/// A variable that may be missing; an empty one counts as missing.
pub fn optional(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// A variable that must be there.
pub fn required(name: &str) -> Result<String, String> {
    optional(name).ok_or_else(|| format!("{name} is not set"))
}

/// A variable that is a number or the like, or what stands for it when it is missing.
pub fn parsed<T: FromStr>(name: &str, default: T) -> Result<T, String>
where
    T::Err: Display,
{
    match optional(name) {
        None => Ok(default),
        Some(text) => text.parse().map_err(|error| format!("{name}: {error}")),
    }
}
