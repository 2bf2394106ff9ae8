//! `worker::Request` to a plain request, and a plain response to `worker::Response`.

use futures_util::StreamExt;
use worker::{Headers, Method as WorkerMethod};

use crate::http::{Body, MAX_BODY_BYTES, Method, Request, Response};

/// Reads a request.
pub(super) async fn read(mut request: worker::Request) -> Request {
    let url = request.inner().url();
    let (scheme, path, query) = split(&url);
    let method = match request.method() {
        WorkerMethod::Get => Method::Get,
        WorkerMethod::Head => Method::Head,
        WorkerMethod::Post => Method::Post,
        WorkerMethod::Put => Method::Put,
        WorkerMethod::Patch => Method::Patch,
        WorkerMethod::Delete => Method::Delete,
        WorkerMethod::Options => Method::Options,
        _ => Method::Other,
    };
    let headers: Vec<_> = request.headers().entries().collect();
    let body = match method {
        Method::Post | Method::Put | Method::Patch | Method::Delete => {
            read_body(&mut request, declared_length(&headers)).await
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

/// Splits a URL that the runtime has normalized (WHATWG URL) into scheme, path and query.
fn split(url: &str) -> (&str, &str, &str) {
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    let target = rest.find('/').and_then(|start| rest.get(start..));
    let target = target.unwrap_or("/").split('#').next().unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    (scheme, path, query)
}

fn declared_length(headers: &[(String, String)]) -> Option<usize> {
    let (_, length) = headers.iter().find(|(name, _)| name == "content-length")?;
    length.parse().ok()
}

/// A longer body is read to its end and thrown away, up to this many bytes: a connection that is
/// closed on a client that is still sending loses it the answer.
const MAX_DRAINED_BYTES: usize = 1024 * 1024;

/// Reads a body as far as its limit. The runtime holds a declared length to its word; what is not
/// declared is counted as it comes.
async fn read_body(request: &mut worker::Request, declared: Option<usize>) -> Body {
    match declared {
        Some(0) => Body::Read(Vec::new()),
        Some(length) if length > MAX_DRAINED_BYTES => Body::TooLarge,
        Some(length) if length <= MAX_BODY_BYTES => {
            request.bytes().await.map_or(Body::Broken, Body::Read)
        }
        _ => read_stream(request).await,
    }
}

async fn read_stream(request: &mut worker::Request) -> Body {
    if request.inner().body().is_none() {
        return Body::Read(Vec::new());
    }
    let Ok(mut stream) = request.stream() else {
        return Body::Broken;
    };
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

/// Writes a response.
pub(super) fn write(response: Response) -> worker::Result<worker::Response> {
    let headers = Headers::new();
    for (name, value) in &response.headers {
        headers.append(name, value)?;
    }
    let builder = worker::Response::builder()
        .with_status(response.status)
        .with_headers(headers);
    Ok(if response.body.is_empty() {
        builder.empty()
    } else {
        builder.fixed(response.body.into_bytes())
    })
}
