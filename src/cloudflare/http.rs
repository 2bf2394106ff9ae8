//! The runtime's requests as plain values, and plain responses as the runtime's.

use std::rc::Rc;

use futures_util::{StreamExt, stream};
use wasm_streams::ReadableStream;
use worker::ByteStream;
use worker::js_sys::{Reflect, Uint8Array};
use worker::wasm_bindgen::JsValue;
use worker::web_sys;

use super::{Bindings, clock, js};
use crate::config::Config;
use crate::http::{Body, Headers, Method, Request, Response};
use crate::lengths::MAX_BODY_BYTES;
use crate::router;

/// Reads a request. `entry.js` may have read its body already.
pub(super) async fn read(
    request: &web_sys::Request,
    body: Option<Vec<u8>>,
    config: &Config,
) -> Request {
    let url = request.url();
    let (scheme, path, query) = split(&url);
    let method = method(&request.method());
    let sent = request.headers();
    let mut read = Request {
        method,
        secure: scheme == "https",
        path: path.to_owned(),
        query: query.to_owned(),
        headers: Headers::new(move |name| sent.get(name).ok()?),
        body: Body::Read(Vec::new()),
    };
    if let Method::Post | Method::Put | Method::Patch | Method::Delete = method {
        read.body = match body {
            Some(body) => Body::Read(body),
            None => read_body(request, &read, config).await,
        };
    }
    read
}

/// The data centre that a request came in at, by its code.
pub(super) fn colo(request: &web_sys::Request) -> String {
    let cf = Reflect::get(request, &"cf".into()).unwrap_or_default();
    let colo = Reflect::get(&cf, &"colo".into()).unwrap_or_default();
    colo.as_string().unwrap_or_default()
}

fn method(name: &str) -> Method {
    let known = Method::ALL
        .into_iter()
        .find(|method| method.as_str() == name);
    known.unwrap_or(Method::Other)
}

/// Splits a URL, as the runtime has normalized it (WHATWG URL), into scheme, path and query.
fn split(url: &str) -> (&str, &str, &str) {
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    let target = rest.find('/').and_then(|start| rest.get(start..));
    let target = target.unwrap_or("/").split('#').next().unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    (scheme, path, query)
}

/// Most bytes that are read and thrown away of a body that is too long. A client that is still sending when its
/// connection is closed would not see the answer.
const MAX_DRAINED_BYTES: usize = 1024 * 1024;

/// Reads a body up to its limit. The runtime makes sure of a length that is declared; a body without one is counted
/// as it comes.
async fn read_body(request: &web_sys::Request, head: &Request, config: &Config) -> Body {
    let declared = head.header("content-length");
    match declared.and_then(|it| it.parse().ok()) {
        Some(0) => Body::Read(Vec::new()),
        Some(length) if length <= MAX_BODY_BYTES => read_whole(request).await,
        declared => {
            let most = router::max_body_bytes(config, head, clock::now());
            match declared {
                Some(length) if length <= most => read_whole(request).await,
                Some(length) if length > most.max(MAX_DRAINED_BYTES) => Body::TooLarge,
                _ => read_stream(request, most).await,
            }
        }
    }
}

async fn read_whole(request: &web_sys::Request) -> Body {
    let bytes = js::settled(request.array_buffer()).await;
    bytes.map_or(Body::Broken, |bytes| {
        Body::Read(Uint8Array::new(&bytes).to_vec())
    })
}

async fn read_stream(request: &web_sys::Request, most: usize) -> Body {
    let Some(stream) = request.body() else {
        return Body::Read(Vec::new());
    };
    let mut stream = ByteStream::from(stream);
    let mut body = Vec::new();
    let mut length = 0;
    while let Some(chunk) = stream.next().await {
        let Ok(chunk) = chunk else {
            return Body::Broken;
        };
        length += chunk.len();
        if length > most.max(MAX_DRAINED_BYTES) {
            break;
        }
        if length <= most {
            body.extend(chunk);
        }
    }
    if length > most {
        return Body::TooLarge;
    }
    Body::Read(body)
}

/// Writes a response whose body goes on in parts, as the client takes them. Where a part cannot be read, the
/// connection is broken off, so that nobody takes half of the body for the whole.
pub(super) fn write_in_parts(
    first: Response,
    edge: Rc<Bindings>,
    config: Rc<Config>,
    request: Request,
) -> Result<web_sys::Response, JsValue> {
    let headers = serde_json::to_string(first.headers()).map_err(|error| error.to_string())?;
    let status = first.status;
    let all = (request, first.body, first.rest);
    let parts = stream::unfold(Some(all), move |state| {
        let (edge, config) = (Rc::clone(&edge), Rc::clone(&config));
        async move {
            let (mut request, body, rest) = state?;
            let part: JsValue = Uint8Array::from(body.as_bytes()).into();
            let Some(rest) = rest else {
                return Some((Ok(part), None));
            };
            let (path, query) = rest.as_str().split_once('?').unwrap_or_default();
            path.clone_into(&mut request.path);
            query.clone_into(&mut request.query);
            let next = router::answer(&*edge, &config, &request).await;
            match next.status {
                200 => Some((Ok(part), Some((request, next.body, next.rest)))),
                _ => Some((Err("the rest cannot be had".into()), None)),
            }
        }
    });
    let body = ReadableStream::from_stream(parts).into_raw();
    js::response_of(status, &headers, &body)
}

/// Writes a response. Its headers cross into JavaScript as one text.
pub(super) fn write(response: &Response) -> Result<web_sys::Response, JsValue> {
    let headers = serde_json::to_string(response.headers()).map_err(|error| error.to_string())?;
    if response.binary.is_empty() {
        return js::response(response.status, &headers, &response.body);
    }
    let binary = Uint8Array::from(&*response.binary);
    js::response_of(response.status, &headers, &binary)
}
