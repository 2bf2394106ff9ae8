//! The icon that an owner uploads for an application: a PNG or a WebP image, read as far as its structure
//! goes. No pixel is decoded here.
//!
//! Invariant: an [`Icon`] begins and ends with its format, has nothing in it that browsers do not need to
//! draw it (the camera's words, where it was taken), and is no larger than [`MAX_BYTES`] and [`MAX_SIDE`].

use super::user::ImageHash;

/// Longest file, in bytes.
pub const MAX_BYTES: usize = 256 * 1024;
/// Longest side, in pixels.
pub const MAX_SIDE: u32 = 2048;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
/// The chunks of a PNG that draw it (PNG Third Edition §11). What is not among them and may be left out is.
const PNG_DRAWN: [&[u8; 4]; 11] = [
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT",
    b"pHYs",
];
/// The chunks of a WebP that draw it (RFC 9649 §2.7), animations aside.
const WEBP_DRAWN: [&[u8; 4]; 5] = [b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ICCP"];

/// An image that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Icon {
    /// The whole file.
    pub bytes: Vec<u8>,
    /// What it is served as.
    pub media_type: &'static str,
}

impl Icon {
    /// Reads a file. `None`: it is no image of the two formats, or too large.
    pub fn read(file: &[u8]) -> Option<Self> {
        if file.len() > MAX_BYTES {
            return None;
        }
        let (bytes, media_type) = if file.starts_with(PNG) {
            (png(file)?, "image/png")
        } else {
            (webp(file)?, "image/webp")
        };
        Some(Self { bytes, media_type })
    }

    /// What it is called: another image has another name.
    pub fn hash(&self) -> ImageHash {
        ImageHash::of_content(&self.bytes)
    }
}

/// A number that so many bytes at `at` spell, the most significant first.
fn number(bytes: &[u8], at: usize, length: usize) -> Option<u32> {
    let bytes = bytes.get(at..at + length)?;
    Some(
        bytes
            .iter()
            .fold(0, |sum, &byte| (sum << 8) | u32::from(byte)),
    )
}

/// The same, the least significant first.
fn number_le(bytes: &[u8], at: usize, length: usize) -> Option<u32> {
    let bytes = bytes.get(at..at + length)?;
    Some(
        bytes
            .iter()
            .rfold(0, |sum, &byte| (sum << 8) | u32::from(byte)),
    )
}

fn has_size(width: u32, height: u32) -> Option<()> {
    let sides = 1..=MAX_SIDE;
    (sides.contains(&width) && sides.contains(&height)).then_some(())
}

/// A PNG with the chunks that draw it. `None`: it is not whole, too large, or something follows it.
fn png(file: &[u8]) -> Option<Vec<u8>> {
    let header = file.get(8..33)?;
    if header.get(..8)? != b"\0\0\0\x0dIHDR" {
        return None;
    }
    has_size(number(header, 8, 4)?, number(header, 12, 4)?)?;
    // Depth and colour, compression, filter, interlacing (§11.2.1).
    let fits = match header.get(16..21)? {
        [depth, colour, 0, 0, 0 | 1] => match colour {
            0 => [1, 2, 4, 8, 16].contains(depth),
            3 => [1, 2, 4, 8].contains(depth),
            2 | 4 | 6 => [8, 16].contains(depth),
            _ => false,
        },
        _ => false,
    };
    if !fits {
        return None;
    }
    let mut kept = PNG.to_vec();
    let mut rest = file.get(PNG.len()..)?;
    let mut has_pixels = false;
    loop {
        let length = usize::try_from(number(rest, 0, 4)?).ok()?;
        let name = rest.get(4..8)?;
        let (chunk, next) = rest.split_at_checked(length.checked_add(12)?)?;
        let is_header = name == b"IHDR";
        if is_header && kept.len() > PNG.len() {
            return None;
        }
        if PNG_DRAWN.iter().any(|known| name == *known) {
            kept.extend(chunk);
        } else if name.first()?.is_ascii_uppercase() {
            return None;
        }
        has_pixels |= name == b"IDAT";
        if name == b"IEND" {
            return (has_pixels && length == 0 && next.is_empty()).then_some(kept);
        }
        rest = next;
    }
}

/// A WebP with the chunks that draw it. `None`: it is not whole, too large, animated, or something
/// follows it.
fn webp(file: &[u8]) -> Option<Vec<u8>> {
    let length = usize::try_from(number_le(file, 4, 4)?).ok()?;
    let is_webp = file.starts_with(b"RIFF") && file.get(8..12)? == b"WEBP";
    if !is_webp || length.checked_add(8)? != file.len() {
        return None;
    }
    let mut kept = file.get(..12)?.to_vec();
    let mut rest = file.get(12..)?;
    let mut has_pixels = false;
    while !rest.is_empty() {
        let name = rest.get(..4)?;
        let length = usize::try_from(number_le(rest, 4, 4)?).ok()?;
        let padded = length.checked_add(8 + length % 2)?;
        let (chunk, next) = rest.split_at_checked(padded)?;
        let content = chunk.get(8..8 + length)?;
        let begins = kept.len() == 12;
        match name {
            b"VP8 " | b"VP8L" if has_pixels => return None,
            b"VP8 " => {
                lossy_pixels(content)?;
                has_pixels = true;
            }
            b"VP8L" => {
                lossless_pixels(content)?;
                has_pixels = true;
            }
            b"VP8X" if begins && length == 10 => {
                has_size(number_le(content, 4, 3)? + 1, number_le(content, 7, 3)? + 1)?;
            }
            b"VP8X" | b"ANIM" | b"ANMF" => return None,
            _ => {}
        }
        if WEBP_DRAWN.iter().any(|known| name == *known) {
            kept.extend(chunk);
        }
        rest = next;
    }
    say_what_was_kept(&mut kept)?;
    has_pixels.then_some(kept)
}

/// Writes the length anew, and the flags, which no longer name what was left out: Exif, XMP (RFC 9649
/// §2.7.1.1).
fn say_what_was_kept(kept: &mut [u8]) -> Option<()> {
    if kept.get(12..16) == Some(b"VP8X")
        && let Some(flags) = kept.get_mut(20)
    {
        *flags &= !0b1100;
    }
    let length = u32::try_from(kept.len().checked_sub(8)?).ok()?;
    kept.get_mut(4..8)?.copy_from_slice(&length.to_le_bytes());
    Some(())
}

/// A key frame (RFC 6386 §9.1).
fn lossy_pixels(content: &[u8]) -> Option<()> {
    let is_key = content.first()? & 1 == 0 && content.get(3..6)? == b"\x9d\x01\x2a";
    let side = |at| Some(number_le(content, at, 2)? & 0x3fff);
    has_size(side(6)?, side(8)?).filter(|()| is_key)
}

/// An image of the lossless kind (RFC 9649 §3.4).
fn lossless_pixels(content: &[u8]) -> Option<()> {
    let sides = number_le(content, 1, 4)?;
    let is_lossless = content.first()? == &0x2f && sides >> 29 == 0;
    has_size((sides & 0x3fff) + 1, ((sides >> 14) & 0x3fff) + 1).filter(|()| is_lossless)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(name: &[u8], content: &[u8]) -> Vec<u8> {
        let length = u32::try_from(content.len()).expect("short").to_be_bytes();
        [&length[..], name, content, b"crc!"].concat()
    }

    fn header(width: u32, height: u32, rest: [u8; 5]) -> Vec<u8> {
        let sides = [width.to_be_bytes(), height.to_be_bytes()].concat();
        chunk(b"IHDR", &[&sides[..], &rest].concat())
    }

    fn png_of(chunks: &[Vec<u8>]) -> Vec<u8> {
        [PNG.to_vec(), chunks.concat()].concat()
    }

    fn small(more: &[Vec<u8>]) -> Vec<u8> {
        let mut chunks = vec![header(16, 16, [8, 6, 0, 0, 0])];
        chunks.extend_from_slice(more);
        chunks.extend([chunk(b"IDAT", b"x"), chunk(b"IEND", b"")]);
        png_of(&chunks)
    }

    #[test]
    fn a_png_keeps_what_draws_it_and_nothing_else() {
        let plain = small(&[]);
        let icon = Icon::read(&plain).expect("a PNG");
        assert_eq!((&icon.bytes, icon.media_type), (&plain, "image/png"));
        assert!(icon.hash().is_kept_here());
        let words = [
            chunk(b"tEXt", b"where"),
            chunk(b"eXIf", b"x"),
            chunk(b"acTL", b"x"),
        ];
        assert_eq!(Icon::read(&small(&words)), Some(icon));
        let palette = chunk(b"PLTE", b"rgb");
        let coloured = Icon::read(&small(core::slice::from_ref(&palette))).expect("a PNG");
        assert_eq!(coloured.bytes, small(&[palette]));
    }

    #[test]
    fn what_is_not_a_png_is_refused() {
        let end = || chunk(b"IEND", b"");
        let pixels = || chunk(b"IDAT", b"x");
        let good = [8, 6, 0, 0, 0];
        for (what, file) in [
            ("nothing", Vec::new()),
            ("a signature alone", PNG.to_vec()),
            ("no pixels", png_of(&[header(1, 1, good), end()])),
            ("no end", png_of(&[header(1, 1, good), pixels()])),
            ("no header", png_of(&[pixels(), end()])),
            ("two headers", small(&[header(1, 1, good)])),
            ("a chunk nobody knows", small(&[chunk(b"ABcd", b"")])),
            (
                "more behind it",
                [small(&[]), b"<script>".to_vec()].concat(),
            ),
            (
                "too wide",
                png_of(&[header(2049, 1, good), pixels(), end()]),
            ),
            (
                "too high",
                png_of(&[header(1, 2049, good), pixels(), end()]),
            ),
            ("no width", png_of(&[header(0, 1, good), pixels(), end()])),
            (
                "a depth of 3",
                png_of(&[header(1, 1, [3, 0, 0, 0, 0]), pixels(), end()]),
            ),
            (
                "colour 5",
                png_of(&[header(1, 1, [8, 5, 0, 0, 0]), pixels(), end()]),
            ),
            (
                "another filter",
                png_of(&[header(1, 1, [8, 6, 0, 1, 0]), pixels(), end()]),
            ),
            ("too long", small(&[chunk(b"tEXt", &vec![0; MAX_BYTES])])),
            (
                "a chunk that says too much",
                png_of(&[header(1, 1, good), b"\xff\xff\xff\xffIDAT".to_vec()]),
            ),
            (
                "SVG",
                b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>".to_vec(),
            ),
            ("GIF", b"GIF89a\x01\0\x01\0\0\0\0;".to_vec()),
        ] {
            assert_eq!(Icon::read(&file), None, "{what}");
        }
    }

    fn riff(name: &[u8], content: &[u8]) -> Vec<u8> {
        let length = u32::try_from(content.len()).expect("short").to_le_bytes();
        let padding = vec![0; content.len() % 2];
        [name, &length[..], content, &padding].concat()
    }

    fn webp_of(chunks: &[Vec<u8>]) -> Vec<u8> {
        let chunks = chunks.concat();
        riff(b"RIFF", &[b"WEBP".to_vec(), chunks].concat())
    }

    const LOSSY: &[u8] = b"\x30\x01\0\x9d\x01\x2a\x10\0\x10\0\0";
    const LOSSLESS: &[u8] = b"\x2f\x0f\xc0\x03\0";

    #[test]
    fn a_webp_keeps_what_draws_it_and_nothing_else() {
        for plain in [
            webp_of(&[riff(b"VP8 ", LOSSY)]),
            webp_of(&[riff(b"VP8L", LOSSLESS)]),
        ] {
            let icon = Icon::read(&plain).expect("a WebP");
            assert_eq!((icon.bytes, icon.media_type), (plain, "image/webp"));
        }
        let extended = |flags: u8| riff(b"VP8X", &[flags, 0, 0, 0, 15, 0, 0, 15, 0, 0]);
        let pixels = || riff(b"VP8L", LOSSLESS);
        let told = webp_of(&[
            extended(0b1_1100),
            pixels(),
            riff(b"EXIF", b"where"),
            riff(b"XMP ", b"x"),
        ]);
        let kept = Icon::read(&told).expect("a WebP").bytes;
        assert_eq!(kept, webp_of(&[extended(0b1_0000), pixels()]));
    }

    #[test]
    fn what_is_not_a_webp_is_refused() {
        let extended = |side: u8| riff(b"VP8X", &[0, 0, 0, 0, 0, side, 0, 0, 0, 0]);
        let pixels = || riff(b"VP8L", LOSSLESS);
        let whole = webp_of(&[pixels()]);
        for (what, file) in [
            ("nothing in it", webp_of(&[])),
            ("no pixels", webp_of(&[extended(0)])),
            ("too wide", webp_of(&[extended(8), pixels()])),
            ("a late header", webp_of(&[pixels(), extended(0)])),
            (
                "an animation",
                webp_of(&[extended(0), riff(b"ANIM", b"123456"), riff(b"ANMF", b"")]),
            ),
            ("two images", webp_of(&[pixels(), pixels()])),
            (
                "no key frame",
                webp_of(&[riff(b"VP8 ", b"\x31\x01\0\x9d\x01\x2a\x10\0\x10\0\0")]),
            ),
            ("a broken frame", webp_of(&[riff(b"VP8 ", b"\x30")])),
            (
                "another signature",
                webp_of(&[riff(b"VP8L", b"\x2e\x0f\xc0\x03\0")]),
            ),
            ("more behind it", [&whole[..], b"PK\x03\x04"].concat()),
            ("less than it says", whole[..whole.len() - 1].to_vec()),
            ("another RIFF", riff(b"RIFF", b"WAVEfmt \0\0\0\0")),
        ] {
            assert_eq!(Icon::read(&file), None, "{what}");
        }
    }

    #[test]
    fn a_hash_of_ours_is_told_from_the_platform_s() {
        for (hash, is_ours) in [
            ("a_1f", false),
            (&*"f".repeat(64), true),
            (&"F".repeat(64), false),
            (&"f".repeat(63), false),
            (&"g".repeat(64), false),
        ] {
            let hash = ImageHash::parse(hash).expect("a hash");
            assert_eq!(hash.is_kept_here(), is_ours);
        }
    }
}
