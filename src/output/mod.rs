//! One description, two renderings: each value is one call that carries its JSON key
//! and the text around it.
//!
//! A document is `begin` … `end`; a record in it `open` … `close`. In text only the
//! values and `text` leave a trace; in JSON only what has a key does.

pub mod addr;
mod color;
mod json;
mod size;

use crate::sys::bytes::put;
use std::fmt::{self, Write as _};
use std::io;

pub use color::{Paint, Palette};
pub use size::{Human, human};

/// How one value is shown: its JSON key, and the text before and after it.
///
/// An empty key stands for an element of a list.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    pub key: &'static str,
    pre: &'static str,
    post: &'static str,
    text: bool,
    json: bool,
}

/// `field("mtu", "mtu {} ")`. In a `const` or `static`, a text without `{}` does not build.
pub const fn field(key: &'static str, text: &'static str) -> Field {
    let bytes = text.as_bytes();
    let mut i = 0;
    while i + 1 < bytes.len() {
        if bytes[i] == b'{' && bytes[i + 1] == b'}' {
            let (pre, rest) = text.split_at(i);
            return Field { key, pre, post: rest.split_at(2).1, text: true, json: true };
        }
        i += 1;
    }
    panic!("the text of a field has no {{}}")
}

/// A value that only JSON shows.
pub const fn json_only(key: &'static str) -> Field {
    Field { key, pre: "", post: "", text: false, json: true }
}

/// A value that only the text shows.
pub const fn text_only(text: &'static str) -> Field {
    let mut f = field("", text);
    f.json = false;
    f
}

/// How everything is rendered.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    pub json: bool,
    /// Indents JSON.
    pub pretty: bool,
    /// Line breaks inside a record become `\`.
    pub oneline: bool,
    pub palette: Palette,
}

/// What holds the output until it is written.
#[derive(Debug)]
pub struct Out {
    style: Style,
    buf: Vec<u8>,
    /// Open objects and lists.
    depth: usize,
    /// A value stands before the next one in the innermost object or list.
    comma: bool,
    /// Write when the buffer is full; what is looked at is kept.
    drains: bool,
}

/// The buffer is written when it holds this much.
const FULL: usize = 60 * 1024;

/// The same for a command that began before the C library (sys/start.rs): what ten datagrams of a
/// table become, after which it knows whether it wants a thread.
const FULL_EARLY: usize = 1024 * 1024;

impl Out {
    pub fn new(style: Style) -> Out {
        Out { style, buf: Vec::new(), depth: 0, comma: false, drains: true }
    }
    /// Keeps everything, to be looked at with `taken`.
    pub fn memory(style: Style) -> Out {
        Out { drains: false, ..Out::new(style) }
    }
    /// What has been rendered and not yet written.
    pub fn taken(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.buf)
    }
    pub fn set_style(&mut self, style: Style) {
        self.style = style;
    }
    pub fn is_json(&self) -> bool {
        self.style.json
    }
    pub fn is_oneline(&self) -> bool {
        self.style.oneline
    }

    /// Begins the document: a JSON list.
    pub fn begin(&mut self) {
        if self.style.json {
            self.start(b'[');
            if self.style.pretty {
                self.buf.push(b' ');
            }
        }
    }
    /// Ends the document and its line.
    pub fn end(&mut self) {
        if self.style.json {
            self.stop_list();
            self.buf.push(b'\n');
            self.comma = false;
        }
        self.drain_if_full();
    }
    /// Closes whatever is still open after an error, so that JSON stays whole.
    pub fn end_early(&mut self) {
        if self.style.json && self.depth > 0 {
            while self.depth > 1 {
                self.stop(b'}');
            }
            self.end();
        }
    }

    /// Begins a record: a JSON object.
    #[inline]
    pub fn open(&mut self) {
        self.drain_if_full();
        if self.style.json {
            self.separate();
            self.start(b'{');
        }
    }
    /// Begins a JSON object under a key.
    pub fn open_object(&mut self, key: &str) {
        if self.style.json {
            self.key(key);
            self.start(b'{');
        }
    }
    /// Ends an object; a text line is ended by `newline`.
    #[inline]
    pub fn close(&mut self) {
        if self.style.json {
            self.stop(b'}');
        }
    }
    /// Begins a JSON list under a key.
    pub fn open_list(&mut self, key: &str) {
        if self.style.json {
            self.key(key);
            self.start(b'[');
            if self.style.pretty {
                self.buf.push(b' ');
            }
        }
    }
    pub fn close_list(&mut self) {
        if self.style.json {
            self.stop_list();
        }
    }

    #[inline]
    pub fn uint(&mut self, f: Field, v: impl Into<u64>) {
        let v = v.into();
        self.value(f, |b| digits(b, v));
    }
    pub fn int(&mut self, f: Field, v: impl Into<i64>) {
        let v = v.into();
        self.value(f, |b| {
            if v < 0 {
                b.push(b'-');
            }
            digits(b, v.unsigned_abs());
        });
    }
    #[inline]
    pub fn str(&mut self, f: Field, v: &str) {
        self.bytes(f, v.as_bytes());
    }
    /// Bytes that need not be UTF-8, such as a device name.
    #[inline]
    pub fn bytes(&mut self, f: Field, v: &[u8]) {
        if self.style.json {
            self.value(f, |b| json::quoted(b, v));
        } else {
            self.value(f, |b| put(b, v));
        }
    }
    /// Like `bytes`, in colour: the text around the value is coloured with it.
    #[inline]
    pub fn painted(&mut self, paint: Paint, f: Field, v: &[u8]) {
        let escape = self.style.palette.code(paint);
        if self.style.json || escape.is_empty() || !f.text {
            return self.bytes(f, v);
        }
        put(&mut self.buf, escape.as_bytes());
        self.bytes(f, v);
        put(&mut self.buf, b"\x1b[0m");
    }
    /// A column of a table: in text the value is filled up with blanks to `width`, in its colour.
    pub fn left(&mut self, paint: Paint, f: Field, v: &[u8], width: usize) {
        if self.style.json || v.len() >= width {
            return self.painted(paint, f, v);
        }
        let mut cell = v.to_vec();
        cell.resize(width, b' ');
        self.painted(paint, f, &cell);
    }
    /// A string in JSON, made by formatting.
    pub fn display(&mut self, f: Field, v: impl fmt::Display) {
        if self.style.json {
            let text = v.to_string();
            self.value(f, |b| json::quoted(b, text.as_bytes()));
        } else {
            self.value(f, |b| {
                let _ = write!(Text(b), "{v}");
            });
        }
    }
    /// A JSON number (not quoted), made by formatting.
    pub fn number(&mut self, f: Field, v: impl fmt::Display) {
        self.value(f, |b| {
            let _ = write!(Text(b), "{v}");
        });
    }
    /// `true` or `false` in JSON, `on` or `off` in text.
    pub fn on_off(&mut self, f: Field, v: bool) {
        let word: &[u8] = match (self.style.json, v) {
            (true, true) => b"true",
            (true, false) => b"false",
            (false, true) => b"on",
            (false, false) => b"off",
        };
        self.value(f, |b| put(b, word));
    }
    /// A flag that is present: `true` in JSON, `text` in text.
    pub fn flag(&mut self, key: &'static str, text: &str) {
        if self.style.json {
            self.value(json_only(key), |b| put(b, b"true"));
        } else {
            self.text(text);
        }
    }
    /// A boolean that only JSON shows.
    pub fn json_bool(&mut self, key: &'static str, v: bool) {
        if self.style.json {
            let word: &[u8] = if v { b"true" } else { b"false" };
            self.value(json_only(key), |b| put(b, word));
        }
    }
    /// A flag in the older style: `null` in JSON, `text` in text.
    pub fn null(&mut self, key: &'static str, text: &str) {
        if self.style.json {
            self.value(json_only(key), |b| put(b, b"null"));
        } else {
            self.text(text);
        }
    }
    /// What follows is a JSON document of its own: one object a line, for monitors.
    pub fn separate_documents(&mut self) {
        self.comma = false;
    }
    /// Words that only the text has.
    #[inline]
    pub fn text(&mut self, s: &str) {
        self.text_bytes(s.as_bytes());
    }
    #[inline]
    pub fn text_bytes(&mut self, s: &[u8]) {
        if !self.style.json {
            put(&mut self.buf, s);
        }
    }
    /// Words in any mode, as banners are printed by the reference.
    pub fn raw(&mut self, s: &[u8]) {
        put(&mut self.buf, s);
    }
    /// A line break inside a record: `\` with -oneline. Nothing in JSON.
    pub fn line_break(&mut self) {
        self.text(if self.style.oneline { "\\" } else { "\n" });
    }
    /// The end of a line. Nothing in JSON.
    pub fn newline(&mut self) {
        self.text("\n");
    }
    /// Writes what is held.
    ///
    /// # Errors
    ///
    /// Those of write(2).
    pub fn flush(&mut self) -> io::Result<()> {
        if !self.drains || self.buf.is_empty() {
            return Ok(());
        }
        let result = crate::sys::fd::stdout(&self.buf);
        self.buf.clear();
        result
    }

    #[inline]
    fn drain_if_full(&mut self) {
        if self.buf.len() > FULL {
            self.drain();
        }
    }

    #[cold]
    fn drain(&mut self) {
        // What began early may have to begin again, as long as nothing has been written.
        if crate::sys::start::is_early() && self.buf.len() < FULL_EARLY {
            return;
        }
        // A write that fails now fails again at the end, where it is reported.
        let _ = self.flush();
    }

    #[inline]
    fn value(&mut self, f: Field, render: impl FnOnce(&mut Vec<u8>)) {
        if self.before(&f) {
            render(&mut self.buf);
            self.after(&f);
        }
    }
    /// What stands before a value; whether it is shown at all.
    #[inline]
    fn before(&mut self, f: &Field) -> bool {
        if self.style.json {
            return self.before_json(f);
        }
        if f.text && !f.pre.is_empty() {
            put(&mut self.buf, f.pre.as_bytes());
        }
        f.text
    }
    fn before_json(&mut self, f: &Field) -> bool {
        if f.json {
            if f.key.is_empty() {
                self.separate();
            } else {
                self.key(f.key);
            }
            self.comma = true;
        }
        f.json
    }
    #[inline]
    fn after(&mut self, f: &Field) {
        if !self.style.json {
            put(&mut self.buf, f.post.as_bytes());
        }
    }

    #[inline]
    fn separate(&mut self) {
        if self.comma {
            put(&mut self.buf, b",");
        }
        self.comma = true;
    }
    fn key(&mut self, key: &str) {
        self.separate();
        self.comma = false;
        // Keys are our own words: there is nothing in them to escape.
        if self.style.pretty {
            self.indent();
        }
        put(&mut self.buf, b"\"");
        put(&mut self.buf, key.as_bytes());
        put(&mut self.buf, b"\":");
        if self.style.pretty {
            put(&mut self.buf, b" ");
        }
    }
    fn indent(&mut self) {
        if self.style.pretty {
            self.buf.push(b'\n');
            self.buf.resize(self.buf.len() + 4 * self.depth, b' ');
        }
    }
    fn start(&mut self, bracket: u8) {
        self.buf.push(bracket);
        self.depth += 1;
        self.comma = false;
    }
    fn stop(&mut self, bracket: u8) {
        self.depth = self.depth.saturating_sub(1);
        if self.comma {
            self.indent();
        }
        self.buf.push(bracket);
        self.comma = true;
    }
    fn stop_list(&mut self) {
        if self.style.pretty && self.comma {
            self.buf.push(b' ');
        }
        self.comma = false;
        self.stop(b']');
    }
}

/// Formats into bytes.
struct Text<'a>(&'a mut Vec<u8>);

impl fmt::Write for Text<'_> {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        put(self.0, s.as_bytes());
        Ok(())
    }
}

/// A number in decimal, without the formatting machinery: this is most of a route dump.
#[inline]
pub fn digits(buf: &mut Vec<u8>, v: u64) {
    match u8::try_from(v) {
        Ok(small) => addr::byte(buf, small, 0),
        Err(_) => many_digits(buf, v),
    }
}

#[allow(clippy::cast_possible_truncation)] // the remainder of a division by ten
fn many_digits(buf: &mut Vec<u8>, mut v: u64) {
    let mut text = [0u8; 20];
    let mut at = text.len();
    loop {
        at -= 1;
        text[at] = b'0' + (v % 10) as u8;
        v /= 10;
        if v == 0 {
            break;
        }
    }
    put(buf, &text[at..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(style: Style) -> String {
        let mut o = Out::memory(style);
        o.begin();
        for n in 1u32..3 {
            o.open();
            o.uint(field("ifindex", "{}: "), n);
            o.str(field("ifname", "{}: "), "lo");
            o.open_list("flags");
            o.str(field("", "<{}"), "UP");
            o.str(field("", ",{}> "), "LOWER_UP");
            o.close_list();
            o.int(field("mtu", "mtu {}"), -1);
            o.close();
            o.newline();
        }
        o.end();
        String::from_utf8(o.taken()).unwrap()
    }

    #[test]
    fn one_call_two_renderings() {
        assert_eq!(
            render(Style::default()),
            "1: lo: <UP,LOWER_UP> mtu -1\n2: lo: <UP,LOWER_UP> mtu -1\n"
        );
        assert_eq!(
            render(Style { json: true, ..Style::default() }),
            "[{\"ifindex\":1,\"ifname\":\"lo\",\"flags\":[\"UP\",\"LOWER_UP\"],\"mtu\":-1},\
             {\"ifindex\":2,\"ifname\":\"lo\",\"flags\":[\"UP\",\"LOWER_UP\"],\"mtu\":-1}]\n"
        );
    }

    #[test]
    fn pretty_json_is_laid_out_as_iproute2_does() {
        let text = render(Style { json: true, pretty: true, ..Style::default() });
        assert!(
            text.starts_with(
                "[ {\n        \"ifindex\": 1,\n        \"ifname\": \"lo\",\n        \
                 \"flags\": [ \"UP\",\"LOWER_UP\" ],\n        \"mtu\": -1\n    },{\n"
            ),
            "{text}"
        );
        assert!(text.ends_with("    } ]\n"), "{text}");
    }

    #[test]
    fn an_empty_document_is_an_empty_list() {
        let mut o = Out::memory(Style { json: true, pretty: true, ..Style::default() });
        o.begin();
        o.end();
        assert_eq!(o.taken(), b"[ ]\n");
    }

    #[test]
    fn an_error_inside_a_record_leaves_whole_json() {
        let mut o = Out::memory(Style { json: true, ..Style::default() });
        o.begin();
        o.open();
        o.uint(field("a", "{}"), 1u32);
        o.end_early();
        assert_eq!(o.taken(), b"[{\"a\":1}]\n");
    }
}
