//! The lengths that this server holds itself and its clients to, where requests and answers both know them.

/// Longest body of a request, in bytes.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// Longest `Location` of ours, in bytes. Node gives up an answer whose headers have 16 KiB, and a query that
/// is encoded in a query, which is encoded in another one, grows.
pub const MAX_LOCATION_BYTES: usize = 15 * 1024;
