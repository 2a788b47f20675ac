//! The wire format of redis (RESP2): commands out, replies in.

use std::io::{self, BufRead, Read, Write};

/// The longest text a reply may hold; nothing here stores more in one field.
const MAX_BULK: usize = 16 << 20;
/// The longest list a reply may hold.
const MAX_ITEMS: usize = 1 << 16;
/// How deep lists may stand in lists; a reply of XREADGROUP needs five.
const MAX_DEPTH: usize = 8;
/// The longest line: a status, a number or an error.
const MAX_LINE: u64 = 64 << 10;

/// A reply of redis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// `+OK`
    Status(String),
    /// `-ERR …`
    Error(String),
    /// `:42`
    Integer(i64),
    /// `$3…`
    Text(Vec<u8>),
    /// `*2…`
    List(Vec<Reply>),
    /// `$-1` or `*-1`
    Nil,
}

impl Reply {
    /// The text of a status or a text, if it is UTF-8.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Reply::Status(text) => Some(text),
            Reply::Text(bytes) => std::str::from_utf8(bytes).ok(),
            _ => None,
        }
    }

    /// The items of a list.
    pub fn as_list(&self) -> Option<&[Reply]> {
        match self {
            Reply::List(items) => Some(items),
            _ => None,
        }
    }
}

/// Writes a command as a list of texts.
pub fn write_command(out: &mut impl Write, words: &[&str]) -> io::Result<()> {
    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        bytes.extend_from_slice(format!("${}\r\n{word}\r\n", word.len()).as_bytes());
    }
    out.write_all(&bytes)?;
    out.flush()
}

/// Reads one reply, all of it.
pub fn read_reply(input: &mut impl BufRead) -> io::Result<Reply> {
    read_nested(input, 0)
}

fn read_nested(input: &mut impl BufRead, depth: usize) -> io::Result<Reply> {
    if depth > MAX_DEPTH {
        return Err(invalid("lists stand too deep in each other"));
    }
    let line = read_line(input)?;
    let Some(kind) = line.chars().next() else {
        return Err(invalid("an empty line"));
    };
    let rest = &line[kind.len_utf8()..];
    match kind {
        '+' => Ok(Reply::Status(rest.to_owned())),
        '-' => Ok(Reply::Error(rest.to_owned())),
        ':' => Ok(Reply::Integer(number(rest)?)),
        '$' => match length(rest, MAX_BULK)? {
            None => Ok(Reply::Nil),
            Some(size) => {
                let mut bytes = vec![0; size + 2];
                input.read_exact(&mut bytes)?;
                if !bytes.ends_with(b"\r\n") {
                    return Err(invalid("a text that does not end where it said"));
                }
                bytes.truncate(size);
                Ok(Reply::Text(bytes))
            }
        },
        '*' => match length(rest, MAX_ITEMS)? {
            None => Ok(Reply::Nil),
            Some(count) => {
                (0..count).map(|_| read_nested(input, depth + 1)).collect::<io::Result<Vec<_>>>().map(Reply::List)
            }
        },
        _ => Err(invalid("not a reply of redis")),
    }
}

fn read_line(input: &mut impl BufRead) -> io::Result<String> {
    let mut line = Vec::new();
    input.take(MAX_LINE).read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "redis closed the connection"));
    }
    match line.strip_suffix(b"\r\n") {
        Some(text) => String::from_utf8(text.to_vec()).map_err(|_| invalid("a line that is not UTF-8")),
        None => Err(invalid("a line without its end")),
    }
}

fn number(text: &str) -> io::Result<i64> {
    text.parse().map_err(|_| invalid("a number that is none"))
}

/// A length, or nothing for -1.
fn length(text: &str, most: usize) -> io::Result<Option<usize>> {
    let value = number(text)?;
    if value == -1 {
        return Ok(None);
    }
    match usize::try_from(value) {
        Ok(size) if size <= most => Ok(Some(size)),
        _ => Err(invalid("a length that is out of range")),
    }
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::BufReader;

    fn read(bytes: &[u8]) -> io::Result<Reply> {
        read_reply(&mut BufReader::with_capacity(1, bytes)) // one byte at a time, as a slow network may
    }

    fn text(value: &str) -> Reply {
        Reply::Text(value.as_bytes().to_vec())
    }

    #[test]
    fn reads_each_kind_of_reply() {
        assert_eq!(read(b"+OK\r\n").unwrap(), Reply::Status("OK".into()));
        assert_eq!(read(b"-NOAUTH no\r\n").unwrap(), Reply::Error("NOAUTH no".into()));
        assert_eq!(read(b":-7\r\n").unwrap(), Reply::Integer(-7));
        assert_eq!(read(b"$4\r\na\r\nb\r\n").unwrap(), text("a\r\nb"));
        assert_eq!(read(b"$0\r\n\r\n").unwrap(), text(""));
        assert_eq!(read(b"$-1\r\n").unwrap(), Reply::Nil);
        assert_eq!(read(b"*-1\r\n").unwrap(), Reply::Nil);
        assert_eq!(read(b"*0\r\n").unwrap(), Reply::List(vec![]));
    }

    #[test]
    fn reads_what_xreadgroup_answers() {
        let bytes = b"*1\r\n*2\r\n$4\r\njobs\r\n*1\r\n*2\r\n$3\r\n1-0\r\n*2\r\n$4\r\nrepo\r\n$3\r\napp\r\n";
        let fields = Reply::List(vec![text("repo"), text("app")]);
        let entry = Reply::List(vec![text("1-0"), fields]);
        let stream = Reply::List(vec![text("jobs"), Reply::List(vec![entry])]);
        assert_eq!(read(bytes).unwrap(), Reply::List(vec![stream]));
    }

    #[test]
    fn leaves_the_next_reply_for_the_next_call() {
        let mut input = BufReader::new(&b"+A\r\n:1\r\n"[..]);
        assert_eq!(read_reply(&mut input).unwrap(), Reply::Status("A".into()));
        assert_eq!(read_reply(&mut input).unwrap(), Reply::Integer(1));
        assert_eq!(read_reply(&mut input).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn refuses_what_is_no_reply() {
        let deep = "*1\r\n".repeat(20);
        let wrong: [&[u8]; 9] = [
            b"\r\n",
            b"hello\r\n",
            b"+no end",
            b":many\r\n",
            b"$-2\r\n",
            b"$99999999999\r\n",
            b"$1\r\nab\r\n",
            b"*70000\r\n",
            deep.as_bytes(),
        ];
        for bytes in wrong {
            assert_eq!(read(bytes).unwrap_err().kind(), io::ErrorKind::InvalidData, "{bytes:?}");
        }
        let cut: [&[u8]; 3] = [b"", b"$5\r\nab", b"*2\r\n:1\r\n"];
        for bytes in cut {
            assert_eq!(read(bytes).unwrap_err().kind(), io::ErrorKind::UnexpectedEof, "{bytes:?}");
        }
    }

    #[test]
    fn writes_commands_that_hold_any_text() {
        let mut out = Vec::new();
        write_command(&mut out, &["XADD", "", "ü\r\n"]).unwrap();
        assert_eq!(out, "*3\r\n$4\r\nXADD\r\n$0\r\n\r\n$4\r\nü\r\n\r\n".as_bytes());
    }
}
