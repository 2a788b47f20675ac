//! A connection to redis, and the address it goes to.

use crate::resp::{Reply, read_reply, write_command};
use std::fmt;
use std::io::{self, BufReader};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// How long a connection or a reply may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Where redis is, and what it wants to hear first.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    /// Host, a name or an address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// User; redis has one called `default`.
    pub user: Option<String>,
    /// Password.
    pub password: Option<String>,
    /// Number of the database.
    pub database: Option<u32>,
}

impl fmt::Debug for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "redis at {}:{}", self.host, self.port) // never the password
    }
}

impl Address {
    /// Reads `redis://[user][:password]@host[:port][/database]`. No error says what the URL was: it holds a password.
    pub fn from_url(url: &str) -> Result<Self, String> {
        let rest = url.strip_prefix("redis://").ok_or("does not start with redis://")?;
        // The last @ counts: a password that was not encoded may hold one.
        let (login, place) = rest.rsplit_once('@').map_or((None, rest), |(login, place)| (Some(login), place));
        let (user, password) = match login {
            None => (None, None),
            Some(login) => match login.split_once(':') {
                Some((user, password)) => (some(user), some(password)),
                None => (some(login), None),
            },
        };
        let (place, database) = match place.split_once('/') {
            None | Some((_, "")) => (place.trim_end_matches('/'), None),
            Some((place, number)) => (place, Some(number.parse().map_err(|_| "has no number after its last /")?)),
        };
        let (host, port) = match place.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().map_err(|_| "has a port that is none")?),
            _ => (place, 6379),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() {
            return Err("names no host".to_owned());
        }
        Ok(Address {
            host: host.to_owned(),
            port,
            user: user.map(|text| decode_percent(&text)),
            password: password.map(|text| decode_percent(&text)),
            database,
        })
    }
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// `%41` is `A`; what is no such code stays as it is.
pub fn decode_percent(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = (bytes[at] == b'%')
            .then(|| bytes.get(at + 1..at + 3))
            .flatten()
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        decoded.push(code.unwrap_or(bytes[at]));
        at += if code.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// Why a command did not work.
#[derive(Debug)]
pub enum Failure {
    /// redis cannot be reached, or went away.
    Connection(io::Error),
    /// redis said no.
    Refused(String),
    /// redis answered something that does not fit the command.
    Unexpected(&'static str),
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Connection(error) => write!(out, "redis cannot be reached: {error}"),
            Failure::Refused(words) => write!(out, "redis refused: {words}"),
            Failure::Unexpected(what) => write!(out, "redis did not answer {what}"),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Failure::Connection(error)
    }
}

/// One connection.
pub struct Redis {
    stream: BufReader<TcpStream>,
}

impl Redis {
    /// Connects and logs in.
    pub fn connect(address: &Address) -> Result<Self, Failure> {
        let mut last = io::Error::new(io::ErrorKind::NotFound, "no address for this name");
        for place in (address.host.as_str(), address.port).to_socket_addrs()? {
            match TcpStream::connect_timeout(&place, TIMEOUT) {
                Ok(stream) => return Self::log_in(stream, address),
                Err(error) => last = error,
            }
        }
        Err(last.into())
    }

    fn log_in(stream: TcpStream, address: &Address) -> Result<Self, Failure> {
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(TIMEOUT))?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        let mut redis = Redis { stream: BufReader::new(stream) };
        if let Some(password) = &address.password {
            match &address.user {
                Some(user) => redis.call(&["AUTH", user, password])?,
                None => redis.call(&["AUTH", password])?,
            };
        }
        if let Some(database) = address.database {
            redis.call(&["SELECT", &database.to_string()])?;
        }
        Ok(redis)
    }

    /// Sends a command and waits for its reply; a reply that is an error is a failure.
    pub fn call(&mut self, words: &[&str]) -> Result<Reply, Failure> {
        write_command(self.stream.get_mut(), words)?;
        match read_reply(&mut self.stream)? {
            Reply::Error(words) => Err(Failure::Refused(words)),
            reply => Ok(reply),
        }
    }

    /// The same for a command that itself waits up to `block`.
    pub fn call_blocking(&mut self, words: &[&str], block: Duration) -> Result<Reply, Failure> {
        self.stream.get_ref().set_read_timeout(Some(block + TIMEOUT))?;
        let reply = self.call(words);
        self.stream.get_ref().set_read_timeout(Some(TIMEOUT))?;
        reply
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(url: &str) -> Address {
        Address::from_url(url).unwrap()
    }

    #[test]
    fn reads_urls() {
        let full = address("redis://ci:p%40ss@redis-master.raibid-system:6380/2");
        assert_eq!(full.host, "redis-master.raibid-system");
        assert_eq!((full.port, full.database), (6380, Some(2)));
        assert_eq!((full.user.as_deref(), full.password.as_deref()), (Some("ci"), Some("p@ss")));
        let plain = address("redis://localhost");
        assert_eq!((plain.port, plain.database), (6379, None));
        assert_eq!((plain.user, plain.password), (None, None));
        assert_eq!(address("redis://[::1]:7000/").host, "::1");
        assert_eq!(address("redis://[::1]").port, 6379);
    }

    #[test]
    fn takes_a_password_that_was_not_encoded() {
        let odd = address("redis://:a@b/c%zz%e@redis:1");
        assert_eq!((odd.host.as_str(), odd.port), ("redis", 1));
        assert_eq!(odd.password.as_deref(), Some("a@b/c%zz%e"));
    }

    #[test]
    fn says_what_is_wrong_with_a_url_and_not_what_is_in_it() {
        for url in ["http://x", "redis://:secret@", "redis://h:secret", "redis://h/secret"] {
            assert!(!Address::from_url(url).unwrap_err().contains("secret"), "{url}");
        }
        assert_eq!(format!("{:?}", address("redis://:secret@h:1")), "redis at h:1");
    }
}
