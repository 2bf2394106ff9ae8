//! Has the families of a suspended user wait.

use super::family::{Family, Live, Offered};
use super::{Families, Update};
use crate::id::FamilyId;
use crate::time::Timestamp;

/// Stops every family, without ending any. Answers how many changed.
#[derive(Debug, Clone, Copy)]
pub struct Suspend;

/// Lets the stopped families go on. Answers how many changed.
#[derive(Debug, Clone, Copy)]
pub struct Resume;

impl Suspend {
    pub(super) fn decide(families: Families, _: Timestamp) -> (Vec<(FamilyId, Update)>, usize) {
        set(families, true)
    }
}

impl Resume {
    pub(super) fn decide(families: Families, _: Timestamp) -> (Vec<(FamilyId, Update)>, usize) {
        set(families, false)
    }
}

fn set(families: Families, suspended: bool) -> (Vec<(FamilyId, Update)>, usize) {
    let mut updates = Vec::new();
    for (id, mut family) in families {
        if let Family::Offered(Offered { approval, .. }) | Family::Live(Live { approval, .. }) =
            &mut family
            && approval.suspended != suspended
        {
            approval.suspended = suspended;
            updates.push((id, Update::Put(family)));
        }
    }
    let changed = updates.len();
    (updates, changed)
}
