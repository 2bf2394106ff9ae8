//! The runtime's request to a plain request, and a plain response to the runtime's.

use futures_util::StreamExt;
use serde::Serialize;
use worker::ByteStream;
use worker::js_sys::{JSON, Uint8Array};
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::web_sys::{self, ResponseInit};

use super::js;
use crate::http::{Body, Headers, MAX_BODY_BYTES, Method, Request, Response};

/// Reads a request.
pub(super) async fn read(request: &web_sys::Request) -> Request {
    let url = request.url();
    let (scheme, path, query) = split(&url);
    let method = method(&request.method());
    let sent = request.headers();
    let headers = Headers::new(move |name| sent.get(name).ok()?);
    let body = match method {
        Method::Post | Method::Put | Method::Patch | Method::Delete => {
            let declared = headers.get("content-length").and_then(|it| it.parse().ok());
            read_body(request, declared).await
        }
        Method::Get | Method::Head | Method::Options | Method::Other => Body::Read(Vec::new()),
    };
    Request {
        method,
        secure: scheme == "https",
        path: path.to_owned(),
        query: query.to_owned(),
        headers,
        body,
    }
}

fn method(name: &str) -> Method {
    let known = Method::ALL
        .into_iter()
        .find(|method| method.as_str() == name);
    known.unwrap_or(Method::Other)
}

/// Splits a URL that the runtime has normalized (WHATWG URL) into scheme, path and query.
fn split(url: &str) -> (&str, &str, &str) {
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    let target = rest.find('/').and_then(|start| rest.get(start..));
    let target = target.unwrap_or("/").split('#').next().unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    (scheme, path, query)
}

/// A longer body is read to its end and thrown away, up to this many bytes: a connection that is
/// closed on a client that is still sending loses it the answer.
const MAX_DRAINED_BYTES: usize = 1024 * 1024;

/// Reads a body as far as its limit. The runtime holds a declared length to its word; what is not
/// declared is counted as it comes.
async fn read_body(request: &web_sys::Request, declared: Option<usize>) -> Body {
    match declared {
        Some(0) => Body::Read(Vec::new()),
        Some(length) if length > MAX_DRAINED_BYTES => Body::TooLarge,
        Some(length) if length <= MAX_BODY_BYTES => {
            let bytes = js::settled(request.array_buffer()).await;
            bytes.map_or(Body::Broken, |bytes| {
                Body::Read(Uint8Array::new(&bytes).to_vec())
            })
        }
        _ => read_stream(request).await,
    }
}

async fn read_stream(request: &web_sys::Request) -> Body {
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
        if length > MAX_DRAINED_BYTES {
            break;
        }
        if length <= MAX_BODY_BYTES {
            body.extend(chunk);
        }
    }
    if length > MAX_BODY_BYTES {
        return Body::TooLarge;
    }
    Body::Read(body)
}

/// A `ResponseInit`, as JavaScript has it.
#[derive(Serialize)]
struct Init<'a> {
    status: u16,
    headers: &'a [(&'static str, String)],
}

/// Writes a response. Status and headers cross into JavaScript once, as one text, and not once for
/// each header.
pub(super) fn write(response: &Response) -> Result<web_sys::Response, JsValue> {
    let init = Init {
        status: response.status,
        headers: response.headers(),
    };
    let init = serde_json::to_string(&init).map_err(|error| error.to_string())?;
    let init: ResponseInit = JSON::parse(&init)?.unchecked_into();
    let body = Some(response.body.as_str()).filter(|body| !body.is_empty());
    web_sys::Response::new_with_opt_str_and_init(body, &init)
}
