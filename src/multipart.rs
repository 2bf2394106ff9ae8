//! `multipart/form-data` (RFC 7578), as browsers and HTTP clients send it.
//!
//! Invariant: a part's content is exactly the bytes between its header and the next delimiter.

/// One part of a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part<'a> {
    /// The name of the control, as it was sent.
    pub name: &'a str,
    /// What was typed, or the file.
    pub content: &'a [u8],
}

/// Longest boundary (RFC 2046 §5.1.1).
const MAX_BOUNDARY: usize = 70;

/// The parts of a body, whose `Content-Type` names the boundary. `None`: it is no such form.
pub fn parts<'a>(content_type: &str, body: &'a [u8]) -> Option<Vec<Part<'a>>> {
    let boundary = parameter(content_type, "boundary")?;
    if !(1..=MAX_BOUNDARY).contains(&boundary.len()) {
        return None;
    }
    let delimiter = ["\r\n--", boundary].concat();
    // The first delimiter may be the beginning of the body, without a line end of its own.
    let mut rest = match body.strip_prefix(delimiter.get(2..)?.as_bytes()) {
        Some(rest) => rest,
        None => split(body, delimiter.as_bytes())?.1,
    };
    let mut parts = Vec::new();
    while !rest.starts_with(b"--") {
        let (padding, part) = split(rest, b"\r\n")?;
        if !padding.iter().all(|byte| b" \t".contains(byte)) {
            return None;
        }
        let (head, content) = split(part, b"\r\n\r\n")?;
        let (content, next) = split(content, delimiter.as_bytes())?;
        parts.push(Part {
            name: name(core::str::from_utf8(head).ok()?)?,
            content,
        });
        rest = next;
    }
    Some(parts)
}

/// The name that a part's header gives it.
fn name(head: &str) -> Option<&str> {
    let dispositions = head.split("\r\n").filter_map(|line| {
        let (header, value) = line.split_once(':')?;
        let is_one = header.trim().eq_ignore_ascii_case("content-disposition");
        is_one.then_some(value.trim())
    });
    let mut dispositions = dispositions.filter(|it| {
        let kind = it.split(';').next().unwrap_or_default();
        kind.trim().eq_ignore_ascii_case("form-data")
    });
    parameter(dispositions.next()?, "name")
}

/// A parameter of a header, without its quotes. Browsers escape quotes in names as `%22`.
fn parameter<'a>(header: &'a str, wanted: &str) -> Option<&'a str> {
    let mut rest = header.split_once(';')?.1;
    loop {
        let (name, value) = rest.split_once('=')?;
        let (value, next) = match value.trim_start().strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => value.split_at(value.find(';').unwrap_or(value.len())),
        };
        if name.trim().eq_ignore_ascii_case(wanted) {
            return Some(value.trim());
        }
        rest = next.split_once(';')?.1;
    }
}

/// What stands before and behind the first `separator`.
fn split<'a>(bytes: &'a [u8], separator: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let mut windows = bytes.windows(separator.len());
    let at = windows.position(|window| window == separator)?;
    Some((bytes.get(..at)?, bytes.get(at + separator.len()..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE: &str = "multipart/form-data; charset=utf-8; boundary=\"x y\"";

    fn check(body: &str, expected: Option<&[(&str, &str)]>) {
        let read = parts(TYPE, body.as_bytes());
        let read = read.map(|parts| {
            let pair = |it: &Part<'_>| {
                let content = String::from_utf8_lossy(it.content).into_owned();
                (it.name.to_owned(), content)
            };
            parts.iter().map(pair).collect::<Vec<_>>()
        });
        let expected = expected.map(|it| {
            let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
            it.iter().map(owned).collect::<Vec<_>>()
        });
        assert_eq!(read, expected, "{body:?}");
    }

    #[test]
    fn a_part_is_what_stands_between_two_delimiters() {
        let one = "--x y\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n--x y--\r\n";
        check(one, Some(&[("a", "b")]));
        check(
            &["preamble\r\n", one, "epilogue"].concat(),
            Some(&[("a", "b")]),
        );
        check("--x y--", Some(&[]));
        check(
            "--x y \t\r\ncontent-type: a/b\r\nCONTENT-DISPOSITION:form-data;filename=\"c;name=d\" ; name=e\r\n\r\n\
             \r\n--x\r\n\r\n--x y\r\nContent-Disposition: form-data; name=\"\"\r\n\r\n\r\n--x y--",
            Some(&[("e", "\r\n--x\r\n"), ("", "")]),
        );
    }

    #[test]
    fn what_is_not_whole_is_no_form() {
        for body in [
            "",
            "a=b",
            "--x",
            "--x y",
            "--x y\r\n",
            "--x yz\r\nContent-Disposition: form-data; name=a\r\n\r\nb\r\n--x y--",
            "--x y\r\nContent-Disposition: form-data; name=a\r\n\r\nb",
            "--x y\r\nContent-Disposition: form-data; name=a\r\n\r\nb\r\n--x y",
            "--x y\r\nContent-Disposition: attachment; name=a\r\n\r\nb\r\n--x y--",
            "--x y\r\nContent-Disposition: form-data; filename=\"a\r\n\r\nb\r\n--x y--",
            "--x y\r\nContent-Type: a/b\r\n\r\nb\r\n--x y--",
        ] {
            check(body, None);
        }
        for header in ["multipart/form-data", "multipart/form-data; boundary=", "x"] {
            assert_eq!(parts(header, b"--\r\n--"), None, "{header}");
        }
    }
}
