//! As much of HTTP/1.1 as this server needs: one request a connection, a small body, a short answer.

use raibid_common::redis::decode_percent;
use std::io::{self, BufRead, Read, Write};

/// The longest head, and the longest body.
const MOST: usize = 64 << 10;

/// A request.
#[derive(Debug, PartialEq, Eq)]
pub struct Request {
    /// `GET` and the like.
    pub method: String,
    /// Path without the query.
    pub path: String,
    /// What the body is, without parameters and in lower case; empty when nobody said.
    pub kind: String,
    /// The body.
    pub body: Vec<u8>,
}

/// An answer.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// Status, such as 200.
    pub status: u16,
    /// What the body is.
    pub kind: &'static str,
    /// The body.
    pub body: String,
}

impl Answer {
    /// A line of text.
    pub fn text(status: u16, words: &str) -> Self {
        Answer { status, kind: "text/plain; charset=utf-8", body: format!("{words}\n") }
    }
}

/// Reads a request, or says what to answer to what is none.
pub fn read_request(input: &mut impl BufRead) -> Result<Request, Answer> {
    let mut head = input.by_ref().take(MOST as u64);
    let mut lines = Vec::new();
    loop {
        let mut line = Vec::new();
        head.read_until(b'\n', &mut line).map_err(|_| bad("the head did not arrive"))?;
        if !line.ends_with(b"\n") {
            return Err(if head.limit() == 0 {
                Answer::text(431, "the head is too long")
            } else {
                bad("the head is cut off")
            });
        }
        let line = String::from_utf8(line).map_err(|_| bad("the head is not UTF-8"))?;
        let line = line.trim_end_matches(['\r', '\n']).to_owned();
        if line.is_empty() {
            break;
        }
        lines.push(line);
    }
    let mut words = lines.first().map_or("", String::as_str).split(' ');
    let (Some(method), Some(target), Some(version), None) = (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(bad("not a request"));
    };
    if !version.starts_with("HTTP/1.") {
        return Err(bad("not a request of HTTP/1"));
    }
    let header = |wanted: &str| {
        lines[1..]
            .iter()
            .filter_map(|line| line.split_once(':'))
            .find_map(|(name, value)| name.eq_ignore_ascii_case(wanted).then(|| value.trim()))
    };
    if header("transfer-encoding").is_some() {
        return Err(Answer::text(411, "send the body with a Content-Length"));
    }
    let size: usize = match header("content-length") {
        None => 0,
        Some(text) => text.parse().map_err(|_| bad("Content-Length is no number"))?,
    };
    if size > MOST {
        return Err(Answer::text(413, "the body is too long"));
    }
    let kind = header("content-type").and_then(|value| value.split(';').next()).unwrap_or("").trim();
    let (method, path, kind) =
        (method.to_owned(), target.split('?').next().unwrap_or("").to_owned(), kind.to_ascii_lowercase());
    let mut body = vec![0; size];
    input.read_exact(&mut body).map_err(|_| bad("the body is shorter than it said"))?;
    Ok(Request { method, path, kind, body })
}

/// Writes an answer, and that nothing follows it.
pub fn write_answer(out: &mut impl Write, answer: &Answer) -> io::Result<()> {
    let reason = match answer.status {
        200 => "OK",
        201 => "Created",
        400 => "Bad Request",
        404 => "Not Found",
        405 => "Method Not Allowed",
        411 => "Length Required",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        431 => "Request Header Fields Too Large",
        _ => "Service Unavailable",
    };
    write!(
        out,
        "HTTP/1.1 {} {reason}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
        answer.status,
        answer.kind,
        answer.body.len(),
        answer.body
    )?;
    out.flush()
}

/// The fields of a form, as `curl -d name=value` sends it.
pub fn form_fields(body: &[u8]) -> Result<Vec<(String, String)>, &'static str> {
    let text = std::str::from_utf8(body).map_err(|_| "the form is not UTF-8")?;
    let mut fields = Vec::new();
    for part in text.trim().split('&').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').ok_or("a field has no =")?;
        let legal = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
        if name.is_empty() || name.len() > 64 || !name.chars().all(legal) {
            return Err("the name of a field has lower-case letters, digits and _ only");
        }
        fields.push((name.to_owned(), decode_percent(&value.replace('+', " "))));
    }
    if fields.is_empty() {
        return Err("a job has at least one field, as in: curl -d repository=raibid/app");
    }
    Ok(fields)
}

fn bad(words: &str) -> Answer {
    Answer::text(400, words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Request, Answer> {
        read_request(&mut text.as_bytes())
    }

    #[test]
    fn reads_a_request() {
        let head = "POST /jobs?x=1 HTTP/1.1\r\nhost: a\r\nCONTENT-LENGTH: 3\r\nContent-Type: Text/Plain; a=b\r\n\r\n";
        let request = read(&format!("{head}a=b")).unwrap();
        assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/jobs"));
        assert_eq!((request.kind.as_str(), request.body.as_slice()), ("text/plain", &b"a=b"[..]));
        assert_eq!(read("GET / HTTP/1.0\n\n").unwrap().body, b"");
    }

    #[test]
    fn answers_what_is_no_request() {
        let status = |text: &str| read(text).unwrap_err().status;
        assert_eq!(status("hello\r\n\r\n"), 400);
        assert_eq!(status("GET / HTTP/1.1\r\n"), 400);
        assert_eq!(status("POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc"), 400);
        assert_eq!(status("POST / HTTP/1.1\r\nContent-Length: 999999\r\n\r\n"), 413);
        assert_eq!(status("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"), 411);
        assert_eq!(status(&"x".repeat(MOST + 1)), 431);
    }

    #[test]
    fn reads_forms() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(form_fields(b"a=1&b_2=x+y%26z\n").unwrap(), [pair("a", "1"), pair("b_2", "x y&z")]);
        for wrong in ["", "a", "=1", "A=1", "a-b=1"] {
            assert!(form_fields(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
