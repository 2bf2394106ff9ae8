# Client: Apache with mod_auth_openidc, as a resource server
# Ecosystem: Apache
# Version: 2.4.12.3 (Debian's libapache2-mod-auth-openidc)
# Install: apt apache2 libapache2-mod-auth-openidc
# Driven: as a resource server
# Worker: https
# Enter: /
# Setting: the application may introspect tokens of others (`introspects`)
# Proves: introspection, revocation, outage
# Lacks: refresh, denial, limited answer
# Outage: 401
# Without: 401
# Note: Without its setting it answers every token with 401. A token that it has seen stays good in its cache until its
#   `exp`, revoked or not, or as long as `OIDCOAuthTokenIntrospectionInterval` says.

cat >"$FOLDER/index.html" <<<"for holders of a token"
cat >"$FOLDER/site.conf" <<CONF
ServerRoot $FOLDER
ServerName 127.0.0.1:$PORT
Listen 127.0.0.1:$PORT
PidFile $FOLDER/pid
ErrorLog $FOLDER/error.log
Mutex file:$FOLDER
User www-data
Group www-data
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authn_core_module /usr/lib/apache2/modules/mod_authn_core.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule authz_user_module /usr/lib/apache2/modules/mod_authz_user.so
LoadModule dir_module /usr/lib/apache2/modules/mod_dir.so
LoadModule auth_openidc_module /usr/lib/apache2/modules/mod_auth_openidc.so
DocumentRoot $FOLDER
OIDCCABundlePath $CA
# snippet
OIDCOAuthIntrospectionEndpoint $ISSUER/api/oauth2/introspect
OIDCOAuthClientID $CLIENT_ID
OIDCOAuthClientSecret $CLIENT_SECRET
OIDCOAuthRemoteUserClaim sub
OIDCOAuthTokenIntrospectionInterval 60
<Location />
    AuthType oauth20
    Require valid-user
</Location>
# end of snippet
OIDCCryptoPassphrase $(openssl rand -hex 16)
CONF
chmod 755 "$FOLDER"
export SSL_CERT_FILE=$CA
exec apache2 -f "$FOLDER/site.conf" -DFOREGROUND
