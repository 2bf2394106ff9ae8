//! The families that live, as their user sees them; those of a suspended user wait, and live too.

use core::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::family::Live;
use super::{Families, Family, Update};
use crate::id::FamilyId;
use crate::oauth::resource::ResourceGrant;
use crate::oauth::scope::Scopes;
use crate::time::Timestamp;

/// A live family, for its user to recognize.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// The family that the device stands for.
    pub family: FamilyId,
    /// What its tokens may open.
    pub scope: Scopes,
    /// When it was authorized.
    pub opened_at: Timestamp,
    /// When it last took a turn.
    pub last_used_at: Timestamp,
    /// The browser that approved, as it named itself.
    pub device: Option<String>,
    /// The address that the device had when it was authorized.
    #[serde(default)]
    pub address: Option<IpAddr>,
    /// What its tokens open elsewhere, where they are for another resource server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<Box<ResourceGrant>>,
}

impl Device {
    /// What the user sees of a family; `None` where it does not live.
    pub fn of(id: FamilyId, family: Family, now: Timestamp) -> Option<Self> {
        let Family::Live(live) = family else {
            return None;
        };
        let Live { expires_at, .. } = &live;
        (now < *expires_at).then_some(Self {
            family: id,
            scope: live.approval.grant.scope,
            opened_at: live.approval.opened_at,
            last_used_at: live.rotated_at,
            device: live.approval.grant.device,
            address: live.approval.grant.address,
            resource: live.approval.grant.resource,
        })
    }
}

/// Lists the families that live.
#[derive(Debug, Clone, Copy)]
pub struct Devices;

impl Devices {
    pub(super) fn decide(
        families: Families,
        now: Timestamp,
    ) -> (Vec<(FamilyId, Update)>, Vec<Device>) {
        let families = families.into_iter();
        let devices = families.filter_map(|(id, family)| Device::of(id, family, now));
        (Vec::new(), devices.collect())
    }
}
