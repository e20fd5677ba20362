//! A page to fetch, and a way to fetch it: so that port forwarding can be tried with nothing
//! but this program. HTTP/1.0, addresses only, and no more of it than that.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::cannot_run;
use crate::sys::{fd, process};

/// The longest a fetch or an answer takes.
const PATIENCE: Duration = Duration::from_secs(2);

/// No request or answer that belongs here is longer.
const LIMIT: u64 = 64 * 1024;

/// Answers every request on the port with `text`, in the background; the socket listens when
/// this returns.
///
/// # Errors
///
/// Those of bind(2) and fork(2).
pub fn serve(port: u16, text: &str) -> Result<u8> {
    let listener =
        TcpListener::bind(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port))).context("web-server")?;
    process::start(|| {
        // Whoever reads our output waits for its end.
        match process::detach() {
            Ok(()) => answer_all(&listener, text),
            Err(e) => cannot_run(b"web-server", &e),
        }
    })?;
    Ok(0)
}

fn answer_all(listener: &TcpListener, text: &str) -> u8 {
    let answer = format!(
        "HTTP/1.0 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n\r\n{text}\n",
        text.len() + 1
    );
    loop {
        // What goes wrong with one visitor is no concern of the next.
        if let Ok((mut visitor, _)) = listener.accept() {
            let _ = visitor.set_read_timeout(Some(PATIENCE));
            let mut request = [0; 4096];
            let _ = visitor.read(&mut request);
            let _ = visitor.write_all(answer.as_bytes());
        }
    }
}

/// Prints the body of `http://ADDRESS[:PORT]/...`; status 1 when nobody answers.
///
/// # Errors
///
/// A URL of another form.
pub fn fetch(url: &str) -> Result<u8> {
    let Some((host, path)) =
        url.strip_prefix("http://").map(|r| r.split_once('/').unwrap_or((r, "")))
    else {
        bail!("{url}: an address such as http://192.168.1.2/ is wanted");
    };
    let to: SocketAddr = host
        .parse()
        .or_else(|_| format!("{host}:80").parse())
        .with_context(|| format!("{host} is no address"))?;
    match get(to, host, path) {
        Ok(body) => {
            fd::stdout(&body)?;
            Ok(0)
        }
        Err(e) => {
            let why = match e.kind() {
                std::io::ErrorKind::TimedOut | std::io::ErrorKind::WouldBlock => "no answer".into(),
                _ => crate::error::strerror(&e),
            };
            fd::stderr(format!("web-get: {url}: {why}\n").as_bytes());
            Ok(1)
        }
    }
}

fn get(to: SocketAddr, host: &str, path: &str) -> std::io::Result<Vec<u8>> {
    let mut server = TcpStream::connect_timeout(&to, PATIENCE)?;
    server.set_read_timeout(Some(PATIENCE))?;
    server.write_all(format!("GET /{path} HTTP/1.0\r\nHost: {host}\r\n\r\n").as_bytes())?;
    let mut answer = Vec::new();
    server.take(LIMIT).read_to_end(&mut answer)?;
    body(&answer).map(<[u8]>::to_vec).ok_or_else(|| std::io::Error::other("an answer that is none"))
}

/// What follows the head of a successful answer.
fn body(answer: &[u8]) -> Option<&[u8]> {
    let status = answer.strip_prefix(b"HTTP/1.")?.get(1..6)?;
    let at = answer.windows(4).position(|w| w == b"\r\n\r\n")?;
    (status == b" 200 ").then(|| &answer[at + 4..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_success_has_a_body() {
        assert_eq!(body(b"HTTP/1.0 200 OK\r\nA: b\r\n\r\nHello\n"), Some(&b"Hello\n"[..]));
        assert_eq!(body(b"HTTP/1.1 404 Not Found\r\n\r\nHello\n"), None);
        assert_eq!(body(b"HTTP/1.0 200 OK\r\n"), None);
        assert_eq!(body(b""), None);
    }
}
