//! `/api/admin/*`: administration, for tokens with the scope `admin`.

pub mod applications;
pub mod audit_log;
pub mod guilds;
pub mod keys;
pub mod moving;
pub mod registration_tokens;
pub mod resources;
pub mod users;

use crate::endpoint::Failure;
use crate::fluxer::api_error::ApiError;
use crate::http::Response;

type Answer = Result<Response, Failure<ApiError>>;
