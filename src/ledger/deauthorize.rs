//! Ends every family: the application is cut off on all devices.

use super::{Families, Update};
use crate::id::FamilyId;
use crate::time::Timestamp;

/// Ends every family. Answers how many were live or offered.
#[derive(Debug, Clone, Copy)]
pub struct Deauthorize;

impl Deauthorize {
    pub(super) fn decide(families: Families, now: Timestamp) -> (Vec<(FamilyId, Update)>, usize) {
        let families = families.into_iter();
        let ends = families.map(|(id, family)| (id, family.end(now)));
        let updates: Vec<_> = ends.filter(|(_, update)| *update != Update::Keep).collect();
        let ended = updates.len();
        (updates, ended)
    }
}
