//! Bytes to text: finds the encoding, and brings every line ending to LF or CRLF.

use std::borrow::Cow;

/// How the bytes of a file are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8.
    Utf8,
    /// UTF-8 with a byte order mark.
    Utf8Marked,
    /// UTF-16, little end first.
    Utf16Little,
    /// UTF-16, big end first.
    Utf16Big,
    /// windows-1252: what is left where bytes are no UTF-8.
    Windows1252,
}

impl Encoding {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf8Marked => "UTF-8 with byte order mark",
            Self::Utf16Little => "UTF-16 (little endian)",
            Self::Utf16Big => "UTF-16 (big endian)",
            Self::Windows1252 => "windows-1252",
        }
    }

    /// A byte order mark first, then every second byte zero, then valid UTF-8, else windows-1252.
    pub fn of(bytes: &[u8]) -> Self {
        match bytes {
            [0xef, 0xbb, 0xbf, ..] => Self::Utf8Marked,
            [0xff, 0xfe, ..] => Self::Utf16Little,
            [0xfe, 0xff, ..] => Self::Utf16Big,
            [first, 0, third, 0, ..] if *first != 0 && *third != 0 => Self::Utf16Little,
            [0, second, 0, fourth, ..] if *second != 0 && *fourth != 0 => Self::Utf16Big,
            _ if std::str::from_utf8(bytes).is_ok() => Self::Utf8,
            _ => Self::Windows1252,
        }
    }
}

/// Valid UTF-8 without byte order mark, with line endings LF or CRLF only, and the encoding it came in.
pub fn decode(mut bytes: Vec<u8>) -> (Vec<u8>, Encoding) {
    let encoding = Encoding::of(&bytes);
    let mut text = match encoding {
        Encoding::Utf8 => bytes,
        Encoding::Utf8Marked => {
            bytes.drain(..3);
            if std::str::from_utf8(&bytes).is_ok() {
                bytes
            } else {
                converted(encoding_rs::WINDOWS_1252, &bytes)
            }
        }
        Encoding::Utf16Little => converted(encoding_rs::UTF_16LE, &bytes),
        Encoding::Utf16Big => converted(encoding_rs::UTF_16BE, &bytes),
        Encoding::Windows1252 => converted(encoding_rs::WINDOWS_1252, &bytes),
    };
    lone_returns_to_line_feeds(&mut text);
    (text, encoding)
}

fn converted(encoding: &'static encoding_rs::Encoding, bytes: &[u8]) -> Vec<u8> {
    match encoding.decode_with_bom_removal(bytes).0 {
        Cow::Borrowed(text) => text.as_bytes().to_vec(),
        Cow::Owned(text) => text.into_bytes(),
    }
}

/// A CR that no LF follows ends a line on old Macs; as LF it keeps its place, so that offsets stay true.
fn lone_returns_to_line_feeds(text: &mut [u8]) {
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|rest| memchr::memchr(b'\r', rest)) {
        at += found;
        if let Some(byte) = text.get_mut(at..).and_then(lone_return) {
            *byte = b'\n';
        }
        at += 1;
    }
}

/// The return that the text begins with, unless a line feed follows.
fn lone_return(text: &mut [u8]) -> Option<&mut u8> {
    match text {
        [_, b'\n', ..] => None,
        [first, ..] => Some(first),
        [] => None,
    }
}

/// What a file is, where it is recognizably no text of trades.
pub fn foreign(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    const CSV: &str = "open it in the program it comes from and save it as CSV";
    let start = bytes.trim_ascii_start();
    let text = |prefix: &[u8]| {
        start
            .get(..prefix.len())
            .is_some_and(|s| s.eq_ignore_ascii_case(prefix))
    };
    match bytes {
        [b'P', b'K', 3, 4, ..] => Some((
            "an Excel workbook or a zip archive",
            "save the sheet as CSV, or unpack the archive first",
        )),
        [0xd0, 0xcf, 0x11, 0xe0, ..] => Some(("an old Excel workbook", "save the sheet as CSV")),
        [0x1f, 0x8b, ..] => Some((
            "compressed with gzip",
            "unpack it: `gzip -dc FILE | lossoffset ... -`",
        )),
        [b'%', b'P', b'D', b'F', ..] => Some(("a PDF document", "ask the broker for a CSV export")),
        _ if text(b"<!doctype") || text(b"<html") => Some((
            "a web page",
            "download the CSV export itself; this is often a log-in page",
        )),
        _ if text(b"<?xml") || text(b"OFXHEADER") || text(b"<ofx") => Some(("XML or OFX", CSV)),
        _ if text(b"{") || text(b"[{") => Some(("JSON", CSV)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> (String, Encoding) {
        let (text, encoding) = decode(bytes.to_vec());
        (String::from_utf8_lossy(&text).into_owned(), encoding)
    }

    #[test]
    fn each_encoding_becomes_the_same_text() {
        let utf16: Vec<u8> = "a£".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let marked: Vec<u8> = [0xfe, 0xff]
            .into_iter()
            .chain("a£".encode_utf16().flat_map(u16::to_be_bytes))
            .collect();
        assert_eq!(text("a£".as_bytes()), ("a£".into(), Encoding::Utf8));
        assert_eq!(
            text("\u{feff}a£".as_bytes()),
            ("a£".into(), Encoding::Utf8Marked)
        );
        assert_eq!(text(b"a\xa3"), ("a£".into(), Encoding::Windows1252));
        assert_eq!(text(&marked), ("a£".into(), Encoding::Utf16Big));
        assert_eq!(
            text(&[&[0xff, 0xfe], utf16.as_slice()].concat()),
            ("a£".into(), Encoding::Utf16Little)
        );
    }

    #[test]
    fn line_endings_of_old_macs_become_line_feeds() {
        assert_eq!(text(b"a\rb\r\nc\r").0, "a\nb\r\nc\n");
    }
}
