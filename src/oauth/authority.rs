//! The authority of a URL (RFC 3986 §3.2), split as text: whoever compares hosts compares what was sent.

/// `host[:port]` and what follows it.
pub struct Authority<'a> {
    /// The host as it is written; an IPv6 literal has its brackets.
    pub host: &'a str,
    /// The port as it is written, without the colon.
    pub port: Option<&'a str>,
    /// The path and the query.
    pub rest: &'a str,
}

/// Splits what follows `scheme://` as text. `None`: no host, user info, or a character that hosts
/// do not have.
pub fn authority(after_scheme: &str) -> Option<Authority<'_>> {
    let end = after_scheme.find(['/', '?']).unwrap_or(after_scheme.len());
    let (authority, rest) = after_scheme.split_at_checked(end)?;
    // The colon of a port is the one behind an IPv6 literal's bracket.
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let host_is_plain = !host.is_empty()
        && (host.bytes().all(is_host_byte) && is_read_as_written(host) || is_ipv6_literal(host));
    let port_is_number = port.is_none_or(|port| {
        port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok()
    });
    (host_is_plain && port_is_number).then_some(Authority { host, port, rest })
}

fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b".-_".contains(&byte)
}

/// Whether browsers read a host as it is written: one that ends in a number is an IPv4 address to them,
/// and `0x7f.1` leads to 127.0.0.1 (WHATWG URL, "ends in a number").
fn is_read_as_written(host: &str) -> bool {
    let labels = host.strip_suffix('.').unwrap_or(host);
    let last = labels.rsplit('.').next().unwrap_or_default();
    let hexadecimal = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    let is_number = match hexadecimal {
        Some(digits) => digits.bytes().all(|it| it.is_ascii_hexdigit()),
        None => !last.is_empty() && last.bytes().all(|it| it.is_ascii_digit()),
    };
    !is_number || host.parse::<core::net::Ipv4Addr>().is_ok()
}

fn is_ipv6_literal(host: &str) -> bool {
    host.strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .is_some_and(|address| address.parse::<core::net::Ipv6Addr>().is_ok())
}
