//! A device that waits for its user (RFC 8628 §3.3): what it asks for, and the answer that it gets.

use core::net::IpAddr;

use crate::endpoint::{Context, Notice};
use crate::location::Target;
use crate::oauth::device::UserCode;
use crate::page::moment::Moment;
use crate::page::text::Message;
use crate::page::{DEVICE, DeviceSection};
use crate::pending::{
    AnswerDevice, DeviceAnswer, DeviceLook, DeviceRequest, EntryKind, PendingId, WaitingDevice,
};
use crate::store::{Edge, Fault};

/// A device that waits for its user's answer.
#[derive(Clone)]
pub(super) struct DeviceWithCode {
    /// The user code that the device shows.
    pub(super) user_code: UserCode,
    /// The device authorization request: what the device asks for, and from where.
    pub(super) asked: DeviceRequest,
}

/// The device that shows this code, and the answer of its user, where there is one.
pub(super) async fn waiting<E: Edge>(
    cx: &Context<'_, E>,
    user_code: Option<UserCode>,
) -> Result<Option<(DeviceWithCode, Option<DeviceAnswer>)>, Fault> {
    let Some(user_code) = user_code else {
        return Ok(None);
    };
    let id = id(user_code);
    let found: Option<Box<WaitingDevice>> = cx.edge.ask_pending(&id, DeviceLook {}).await?;
    Ok(found.map(|found| {
        let asked = found.asked;
        (DeviceWithCode { user_code, asked }, found.answer)
    }))
}

fn id(user_code: UserCode) -> PendingId {
    PendingId::new(EntryKind::UserCode, "", &user_code.key())
}

/// The page for a device that does not wait any more.
pub(super) fn over() -> Notice {
    Notice::new(400, Message::DeviceOver)
}

impl DeviceWithCode {
    /// Answers the device. Answers whether this is its answer: the first one is, and the same one again.
    pub(super) async fn answer<E: Edge>(
        &self,
        cx: &Context<'_, E>,
        answer: DeviceAnswer,
    ) -> Result<bool, Fault> {
        let code = self.asked.code;
        let answer = AnswerDevice { code, answer };
        cx.edge.ask_pending(&id(self.user_code), answer).await
    }

    /// The path of the page with this device's code. Its forms post there, and a login comes back there.
    pub(super) fn page(&self) -> Target {
        Target::of(DEVICE, &[("user_code", &self.user_code.to_string())])
    }

    /// The section of the consent form about this device.
    pub(super) fn section<E>(&self, cx: &Context<'_, E>) -> DeviceSection {
        let here: Option<IpAddr> = cx.request.client_ip().parse().ok();
        DeviceSection {
            user_code: self.user_code.to_string(),
            asked_at: Moment(self.asked.at),
            address: self.asked.address,
            is_near: self
                .asked
                .address
                .zip(here)
                .map(|(there, here)| is_near(there, here)),
            agent: self.asked.agent.clone(),
        }
    }
}

/// Whether two addresses are the same, or are of the same IPv6 network.
fn is_near(one: IpAddr, other: IpAddr) -> bool {
    match (one.to_canonical(), other.to_canonical()) {
        (IpAddr::V6(one), IpAddr::V6(other)) => one.to_bits() >> 64 == other.to_bits() >> 64,
        (one, other) => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_network_are_near() {
        let near = |one: &str, other: &str| {
            let parse = |it: &str| it.parse().expect("an address");
            is_near(parse(one), parse(other))
        };
        assert!(near("192.0.2.1", "192.0.2.1") && near("::ffff:192.0.2.1", "192.0.2.1"));
        assert!(near("2001:db8::1", "2001:db8::2"));
        assert!(!near("192.0.2.1", "192.0.2.2") && !near("2001:db8::1", "2001:db8:0:1::1"));
        assert!(!near("192.0.2.1", "2001:db8::1"));
    }
}
