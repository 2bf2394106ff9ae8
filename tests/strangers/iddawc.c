// Client: iddawc
// Ecosystem: C
// Version: 1.1.8 (Debian's libiddawc-dev)
// Install: apt gcc libc6-dev libiddawc-dev
// Setting: `I_OPT_OPENID_CONFIG_STRICT` is `I_STRICT_YES`, or `I_STRICT_NO`
// Proves: login, refresh, revocation, denial, limited answer, outage
// Denial: access_denied
// Limited: I_ERROR
// Outage: I_ERROR
// Without: I_ERROR_PARAM
// Note: Without its setting it verifies access tokens, which are no client's to read, and refuses the whole login. At a
//   refresh it wants the nonce of the login, which OpenID Connect Core §12.2 leaves out, unless it has forgotten it.
//   An answer that is neither 200 nor 400 is `I_ERROR` without a text.

#include <iddawc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// snippet
static int begin(struct _i_session *session) {
  i_init_session(session);
  i_set_parameter_list(session,
    I_OPT_OPENID_CONFIG_ENDPOINT, getenv("OPENID_CONFIGURATION"),
    I_OPT_CLIENT_ID, getenv("CLIENT_ID"), I_OPT_CLIENT_SECRET, getenv("CLIENT_SECRET"),
    I_OPT_TOKEN_METHOD, I_TOKEN_AUTH_METHOD_SECRET_BASIC,
    I_OPT_REDIRECT_URI, getenv("REDIRECT_URI"), I_OPT_SCOPE, "openid identify email",
    I_OPT_OPENID_CONFIG_STRICT, I_STRICT_YES, // without I_STRICT_JWT_AT_SIGNATURE, which is its default
    I_OPT_RESPONSE_TYPE, I_RESPONSE_TYPE_CODE, I_OPT_AUTH_METHOD, I_AUTH_METHOD_GET,
    I_OPT_STATE_GENERATE, 16, I_OPT_NONCE_GENERATE, 32,
    I_OPT_PKCE_CODE_VERIFIER_GENERATE, 43, I_OPT_PKCE_METHOD, I_PKCE_METHOD_S256,
    I_OPT_NONE);
  return i_get_openid_config(session);
}

static int callback(struct _i_session *session, const char *url) {
  i_set_str_parameter(session, I_OPT_REDIRECT_TO, url);
  int result = i_parse_redirect_to(session);
  return result == I_OK ? i_run_token_request(session) : result;
}

static int refresh(struct _i_session *session, const char *token) {
  i_set_response_type(session, I_RESPONSE_TYPE_REFRESH_TOKEN);
  i_set_str_parameter(session, I_OPT_NONCE, NULL); // an ID token of a refresh has none (OpenID Connect Core §12.2)
  i_set_str_parameter(session, I_OPT_REFRESH_TOKEN, token);
  return i_run_token_request(session);
}

static int ended(struct _i_session *session, const char *token) {
  i_set_parameter_list(session, I_OPT_TOKEN_TARGET, token, I_OPT_TOKEN_TARGET_TYPE_HINT, "refresh_token", I_OPT_NONE);
  return i_revoke_token(session, I_INTROSPECT_REVOKE_AUTH_CLIENT_TARGET);
}
// end of snippet

static const char *text(struct _i_session *session, i_option option) {
  const char *value = i_get_str_parameter(session, option);
  return value ? value : "";
}

static json_t *raised(struct _i_session *session, int result) {
  char said[512];
  const char *name = result == I_ERROR ? "I_ERROR" : result == I_ERROR_PARAM ? "I_ERROR_PARAM" : "another result";
  snprintf(said, sizeof said, "%s %s %s", name, text(session, I_OPT_ERROR), text(session, I_OPT_ERROR_DESCRIPTION));
  return json_pack("{s:{s:s,s:s}}", "raised", "type", "result", "message", said);
}

static json_t *tokens(struct _i_session *session) {
  return json_pack("{s:{s:s,s:s}}", "returned", "access_token", text(session, I_OPT_ACCESS_TOKEN), "refresh_token", text(session, I_OPT_REFRESH_TOKEN));
}

static json_t *answer(struct _i_session *session, const char *name, const char *argument) {
  int result = I_OK;
  if (!strcmp(name, "authorize")) {
    result = i_build_auth_url_get(session);
    return result == I_OK ? json_pack("{s:s}", "returned", text(session, I_OPT_REDIRECT_TO)) : raised(session, result);
  }
  if (!strcmp(name, "callback")) result = callback(session, argument);
  else if (!strcmp(name, "refresh")) result = refresh(session, argument);
  else if (!strcmp(name, "revoke")) {
    result = ended(session, argument);
    return result == I_OK ? json_pack("{s:n}", "returned") : raised(session, result);
  } else if (!strcmp(name, "me")) {
    i_set_str_parameter(session, I_OPT_ACCESS_TOKEN, argument);
    result = i_get_userinfo(session, 0);
    return result == I_OK ? json_pack("{s:o}", "returned", json_loads(text(session, I_OPT_USERINFO), 0, NULL)) : raised(session, result);
  }
  return result == I_OK ? tokens(session) : raised(session, result);
}

int main(void) {
  struct _i_session session;
  char line[8192], configuration[512];
  snprintf(configuration, sizeof configuration, "%s/.well-known/openid-configuration", getenv("ISSUER"));
  setenv("OPENID_CONFIGURATION", configuration, 1);
  i_global_init();
  int result = begin(&session);
  if (getenv("WITHOUT_SETTING")) {
    i_set_int_parameter(&session, I_OPT_OPENID_CONFIG_STRICT, I_STRICT_NO | I_STRICT_JWT_AT_SIGNATURE | I_STRICT_JWT_AT_HEADER_TYP | I_STRICT_JWT_AT_CLAIM);
  }
  while (fgets(line, sizeof line, stdin)) {
    json_t *call = json_loads(line, 0, NULL);
    const char *argument = json_string_value(json_array_get(call, 1));
    json_t *said = result == I_OK ? answer(&session, json_string_value(json_array_get(call, 0)), argument ? argument : "") : raised(&session, result);
    json_dumpf(said, stdout, JSON_COMPACT);
    puts("");
    fflush(stdout);
  }
}
