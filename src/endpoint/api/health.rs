//! `GET /healthz`: whether KV, D1 and the Durable Objects answer, for monitors.

use serde_json::{Map, Value, json};

use crate::endpoint::Context;
use crate::http::Response;
use crate::store::Edge;

/// `GET`: 200 where every part answers, 503 where one does not. What a part said goes to the log.
pub async fn show<E: Edge>(cx: &Context<'_, E>) -> Response {
    let mut parts = Map::new();
    let mut healthy = true;
    for (part, answer) in cx.edge.health().await {
        if let Err(fault) = &answer {
            cx.edge.log(&fault.to_string());
            healthy = false;
        }
        let word = if answer.is_ok() { "ok" } else { "unavailable" };
        parts.insert(part.to_owned(), json!(word));
    }
    Response::json(if healthy { 200 } else { 503 }, &Value::Object(parts))
}
