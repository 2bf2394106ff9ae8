#!/usr/bin/env bash
# mod_auth_openidc 2.4.12.3 (Debian 12): a denial that carries `iss` is taken for a login that somebody else begins.
#
# Expected: `?error=access_denied&state=…&iss=…` at the redirect URI is the answer to the login that is under way, and the user sees
#   what the server said. RFC 9207 §2 has the server add `iss` to error responses too, and RFC 6749 §3.1.2 has clients
#   ignore parameters that they do not know.
# Seen: without `iss` the module shows "access_denied". With it, it shows "SSO to this module without specifying a
#   "target_link_uri" parameter is not possible because OIDCDefaultURL is not set". Where OIDCDefaultURL is set, it does not
#   show the denial at all: it sends the user to the login once more.
# Who meets it: sites behind Apache whose server implements RFC 9207. Their users say no, and read about an operator's setting,
#   or are asked again.
# What to do: leave OIDCDefaultURL unset, and say in ErrorDocument that the login did not take place.
#
# It needs root on Debian 12 and installs Apache with apt-get; no service is started.

set -euo pipefail
export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
apt-get -o DPkg::Lock::Timeout=600 install -y -qq --no-install-recommends apache2 curl libapache2-mod-auth-openidc=2.4.12.3-2+deb12u5 python3 >/dev/null 2>&1
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
chmod 755 .

serve() { # with the lines of standard input in its configuration
  port=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
  cat >site.conf <<CONF
ServerRoot $folder
ServerName 127.0.0.1:$port
Listen 127.0.0.1:$port
PidFile $folder/pid
ErrorLog $folder/error.log
Mutex file:$folder
User www-data
Group www-data
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authn_core_module /usr/lib/apache2/modules/mod_authn_core.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule authz_user_module /usr/lib/apache2/modules/mod_authz_user.so
LoadModule dir_module /usr/lib/apache2/modules/mod_dir.so
LoadModule auth_openidc_module /usr/lib/apache2/modules/mod_auth_openidc.so
DocumentRoot $folder
OIDCProviderIssuer https://id.example
OIDCProviderAuthorizationEndpoint https://id.example/authorize
OIDCProviderTokenEndpoint https://id.example/token
OIDCProviderJwksUri https://id.example/jwks
OIDCClientID 1
OIDCClientSecret secret
OIDCRedirectURI http://127.0.0.1:$port/redirect
OIDCCryptoPassphrase of-the-session
$(cat)
<Location />
    AuthType openid-connect
    Require valid-user
</Location>
CONF
  apache2 -f "$folder/site.conf" -DFOREGROUND &
  apache=$!
  until curl -s -o /dev/null "http://127.0.0.1:$port/"; do sleep 0.1; done
}

# A login that the user denies: what the user sees, and where they are sent.
denied() {
  local login state answer
  rm -f cookies
  login=$(curl -s -o /dev/null -c cookies -H 'Accept: text/html' -w '%{redirect_url}' "http://127.0.0.1:$port/")
  state=$(sed 's/.*[?&]state=\([^&]*\).*/\1/' <<<"$login")
  answer=$(curl -s -b cookies -H 'Accept: text/html' -w '\n%{http_code} %{redirect_url}' "http://127.0.0.1:$port/redirect?error=access_denied&state=$state$2")
  case $answer in
    *access_denied*) echo "$1: shows access_denied" ;;
    *"OIDCDefaultURL is not set"*) echo "$1: says that OIDCDefaultURL is not set" ;;
    *"302 https://id.example/authorize"*) echo "$1: sends the user to the login once more" ;;
    *) echo "$1: $answer" ;;
  esac
}

{
  serve </dev/null
  denied "without iss" ""
  denied "with iss" "&iss=https%3A%2F%2Fid.example"
  kill $apache
  wait $apache || true
  serve <<<"OIDCDefaultURL http://127.0.0.1/"
  denied "with iss, and OIDCDefaultURL" "&iss=https%3A%2F%2Fid.example"
  kill $apache
  wait $apache || true
} | tee seen

diff - seen <<'EXPECTED'
without iss: shows access_denied
with iss: says that OIDCDefaultURL is not set
with iss, and OIDCDefaultURL: sends the user to the login once more
EXPECTED
