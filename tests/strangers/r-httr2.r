# Client: httr2
# Ecosystem: R
# Version: 0.2.2 (Debian's r-cran-httr2)
# Install: apt r-cran-httr2 r-cran-httpuv r-cran-jsonlite
# Driven: on loopback
# Callback: /
# Setting: none
# Proves: login, refresh, denial, limited answer, outage
# Lacks: revocation
# Refused: at a login
# Denial: access_denied
# Limited: temporarily_unavailable
# Limit: 1/15
# Outage: temporarily_unavailable
# Note: Its `oauth_flow_refresh` takes a refresh token that changes for an error; `req_oauth_auth_code` refreshes as it should, but
#   forgets the refresh token first, and begins a new login after a refresh that was refused. A limited answer it waits out, for as
#   long as `Retry-After` says, and then gives up without another try.

library(httr2)
issuer <- Sys.getenv("ISSUER")
port <- as.integer(Sys.getenv("PORT"))

# snippet
client <- oauth_client(
  id = Sys.getenv("CLIENT_ID"), secret = Sys.getenv("CLIENT_SECRET"),
  token_url = paste0(issuer, "/api/oauth2/token"), name = "fluxer"
)
me <- request(paste0(issuer, "/api/users/@me")) |>
  req_oauth_auth_code(client, paste0(issuer, "/oauth2/authorize"), scope = "identify email", port = port)
user <- function() me |> req_perform() |> resp_body_json()
# end of snippet

cache <- me$policies$auth_oauth$cache
calls <- list(
  login = function() {
    cache$clear()
    user()
    unclass(cache$get())
  },
  refresh = function(...) {
    token <- cache$get()
    token$expires_at <- 0
    cache$set(token)
    user()
    unclass(cache$get())
  },
  me = function(...) user()
)
# What it tells its user is not for the pipe.
sink(stderr())
say <- function(...) {
  sink()
  cat(jsonlite::toJSON(list(...), auto_unbox = TRUE, null = "null"), "\n", sep = "")
  sink(stderr())
}
attempt <- function(call, ...) {
  tryCatch(list(returned = calls[[call]](...)), error = function(error) {
    list(raised = list(type = class(error)[[1]], message = paste(conditionMessage(error), conditionMessage(error$parent %||% error))))
  })
}
`%||%` <- function(one, other) if (is.null(one)) other else one
# It opens a browser and waits: here, the address is the answer to `authorize`, and what came of it that to `callback`.
options(rlang_interactive = TRUE, browser = function(url) say(returned = url))
input <- file("stdin", "r")
while (length(line <- readLines(input, 1)) > 0) {
  call <- jsonlite::fromJSON(line, simplifyVector = FALSE)
  if (call[[1]] == "authorize") {
    landed <- attempt("login")
    next
  }
  do.call(say, if (call[[1]] == "callback") landed else attempt(call[[1]], call[[2]]))
}
