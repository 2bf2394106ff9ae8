//! A platform, as a test wants it: any function of what it is asked.

use super::Memory;
use crate::platform::{PlatformAnswer, PlatformRequest, PlatformSettings};
use crate::store::{Fault, Platform};

/// What a platform answers; the error is the connection's.
pub(super) type PlatformScript = dyn Fn(&PlatformRequest) -> Result<PlatformAnswer, String>;

impl Memory {
    /// Has the platform answer so from now on.
    pub fn platform_answers(
        &self,
        answering: impl Fn(&PlatformRequest) -> Result<PlatformAnswer, String> + 'static,
    ) {
        *self.platform.borrow_mut() = Some(Box::new(answering));
    }
}

impl Platform for Memory {
    async fn ask_platform(
        &self,
        _: &PlatformSettings,
        request: &PlatformRequest,
    ) -> Result<PlatformAnswer, Fault> {
        self.step("platform", |_| ())?;
        let platform = self.platform.borrow();
        let unreachable = |why: String| Fault::new("platform", why);
        let answering = platform.as_ref();
        let answering = answering.ok_or_else(|| unreachable("nothing is there".to_owned()))?;
        answering(request).map_err(unreachable)
    }
}
