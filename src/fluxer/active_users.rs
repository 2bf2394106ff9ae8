//! How many users an application had on a day, without a list of them: a sketch of 256 small numbers
//! (`HyperLogLog`, Flajolet et al. 2007), of which storage keeps the largest of each. It is exact enough up to
//! a hundred users, and within some 7 % beyond. Nobody can be read out of it.

use sha2::{Digest, Sha256};

use crate::snowflake::UserId;

/// Numbers in a sketch.
const NUMBERS: f64 = 256.0;

/// What one user does to a sketch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// The place of the number that the mark raises.
    pub number: u8,
    /// What that is at least from now on.
    pub at_least: u32,
}

impl Mark {
    /// A user's mark: always the same.
    pub fn of(user: UserId) -> Self {
        let digest = Sha256::digest(user.to_string());
        let mut digest = digest.iter();
        let number = digest.next().copied().unwrap_or_default();
        // Seven bytes behind a one, so that there is a last bit that is set.
        let rest = digest
            .take(7)
            .fold(1_u64, |sum, &byte| (sum << 8) | u64::from(byte));
        Self {
            number,
            at_least: rest.trailing_zeros() + 1,
        }
    }
}

/// How many users left their marks: of the numbers that are there, how many, and the sum of `2^-n` over them.
pub fn estimate(there: u32, sum: f64) -> u32 {
    let missing = NUMBERS - f64::from(there);
    let raw = (0.7213 / (1.0 + 1.079 / NUMBERS)) * NUMBERS * NUMBERS / (sum + missing);
    let users = if raw <= 2.5 * NUMBERS && missing > 0.0 {
        // Few: numbers that nobody touched tell more.
        NUMBERS * (NUMBERS / missing).ln()
    } else {
        raw
    };
    // From a float, `as` is bounded on both sides.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count that is rounded and positive"
    )]
    let users = users.round() as u32;
    users
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::snowflake::Snowflake;

    #[test]
    fn a_sketch_counts_each_user_once() {
        for (users, within) in [
            (0, 0),
            (1, 0),
            (10, 1),
            (100, 10),
            (1_000, 130),
            (100_000, 13_000),
        ] {
            let mut sketch = BTreeMap::new();
            for _ in 0..2 {
                for nth in 0..users {
                    let id = Snowflake::parse(
                        &(1_400_000_000_000_000_000 + u64::from(nth) * 4_194_304).to_string(),
                    );
                    let mark = Mark::of(UserId(id.expect("an id")));
                    let number = sketch.entry(mark.number).or_insert(0);
                    *number = mark.at_least.max(*number);
                }
            }
            let there = u32::try_from(sketch.len()).expect("256 at most");
            let sum = sketch
                .values()
                .map(|it| 0.5_f64.powi(i32::try_from(*it).expect("few")))
                .sum();
            let counted = estimate(there, sum);
            assert!(counted.abs_diff(users) <= within, "{users}: {counted}");
        }
    }
}
