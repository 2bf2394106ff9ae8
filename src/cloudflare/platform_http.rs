//! The platform's own servers, asked by HTTP or by a service binding. The requests are the same bytes either way.

use worker::js_sys::global;
use worker::wasm_bindgen::JsCast;
use worker::web_sys::{
    AbortSignal, Headers, RequestInit, RequestRedirect, Response, WorkerGlobalScope,
};
use worker::worker_sys::Fetcher;

use super::outbound_fetch::read;
use super::{Bindings, js};
use crate::http::Method;
use crate::platform::{
    MAX_ANSWER_BYTES, PLATFORM_TIMEOUT, PlatformAddress, PlatformAnswer, PlatformRequest,
    PlatformSettings,
};
use crate::store::{Fault, Platform};

/// The name of the service binding, where there is one.
pub(super) const BINDING: &str = "PLATFORM";

impl Platform for Bindings {
    async fn ask_platform(
        &self,
        platform: &PlatformSettings,
        request: &PlatformRequest,
    ) -> Result<PlatformAnswer, Fault> {
        let fault = |why: String| Fault::new("platform", why);
        let millis = u32::try_from(PLATFORM_TIMEOUT.as_millis()).unwrap_or(u32::MAX);
        // One bound for both tries and their bodies.
        let signal = AbortSignal::timeout_with_u32(millis);
        match self.try_platform(platform, request, &signal).await {
            Err(why) if !signal.aborted() => {
                worker::console_error!("platform: asking again after {why}");
                let again = self.try_platform(platform, request, &signal).await;
                again.map_err(fault)
            }
            answer => answer.map_err(fault),
        }
    }
}

impl Bindings {
    async fn try_platform(
        &self,
        platform: &PlatformSettings,
        request: &PlatformRequest,
        signal: &AbortSignal,
    ) -> Result<PlatformAnswer, String> {
        let init = init(request, signal)?;
        let url = [platform.origin(), &request.target].concat();
        let fetched = match &platform.address {
            PlatformAddress::Binding => {
                let service: Fetcher =
                    js::binding(&self.env, BINDING).map_err(|it| it.to_string())?;
                service.fetch_with_str_and_init(&url, &init)
            }
            PlatformAddress::Url(_) => {
                let scope: WorkerGlobalScope = global().unchecked_into();
                Ok(scope.fetch_with_str_and_init(&url, &init))
            }
        };
        let response: Response = js::settled(fetched).await?.unchecked_into();
        let content_type = response.headers().get("content-type").ok().flatten();
        let body = read(&response, MAX_ANSWER_BYTES).await;
        Ok(PlatformAnswer {
            status: response.status(),
            content_type: content_type.unwrap_or_default(),
            body: body.map_err(|error| error.to_string())?,
        })
    }
}

fn init(request: &PlatformRequest, signal: &AbortSignal) -> Result<RequestInit, String> {
    let headers = Headers::new().map_err(|error| js::reason(&error))?;
    let mut all = vec![
        ("x-signature", &*request.signature),
        ("accept", "application/json"),
    ];
    if !request.body.is_empty() {
        all.push(("content-type", "application/json"));
    }
    for (name, value) in all {
        headers
            .set(name, value)
            .map_err(|error| js::reason(&error))?;
    }
    let init = RequestInit::new();
    init.set_method(request.method.as_str());
    init.set_redirect(RequestRedirect::Manual);
    init.set_signal(Some(signal));
    init.set_headers(&headers);
    if request.method != Method::Get && !request.body.is_empty() {
        init.set_body(&request.body.as_str().into());
    }
    Ok(init)
}
