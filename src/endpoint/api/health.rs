//! `GET /healthz`: tells monitors whether KV, D1 and the Durable Objects answer.

use serde_json::{Map, Value, json};

use crate::endpoint::{Context, Failure};
use crate::fluxer::api_error::ApiError;
use crate::http::Response;
use crate::store::{Edge, Schema};

/// `GET`: 200 where every part answers, and 503 where one does not. The log gets the errors.
pub async fn show<E: Edge>(cx: &Context<'_, E>) -> Result<Response, Failure<ApiError>> {
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
    // Without D1 there is no telling.
    if let Ok(schema) = cx.edge.schema().await {
        let word = match schema {
            Schema::Current => "ok",
            Schema::Behind(missing) => {
                cx.edge.log(&format!("migrations are behind: {missing}"));
                healthy = false;
                "behind"
            }
        };
        parts.insert("migrations".to_owned(), json!(word));
    }
    let status = if healthy { 200 } else { 503 };
    Ok(Response::json(status, &Value::Object(parts)))
}
