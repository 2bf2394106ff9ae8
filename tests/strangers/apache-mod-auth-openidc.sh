# Client: Apache with mod_auth_openidc, as a relying party
# Ecosystem: Apache
# Version: 2.4.12.3 (Debian's libapache2-mod-auth-openidc)
# Install: apt apache2 libapache2-mod-auth-openidc
# Driven: as a site
# Worker: https
# Enter: /me.shtml
# Callback: /redirect
# Refresh: /fresh.shtml
# Revoke: /redirect?logout=http%3A%2F%2F127.0.0.1%2F
# Setting: none
# Proves: login, refresh, revocation, denial, limited answer, outage
# Denial: OIDCDefaultURL is not set
# Limited: Error in handling response type
# Outage: Error in handling response type
# Note: A denial is taken for a login that somebody else begins, because it carries `iss` (RFC 9207); with
#   `OIDCDefaultURL` set, the user is sent to the login once more.

echo "<!--#echo var=REMOTE_USER -->" >"$FOLDER/me.shtml"
echo '{"access_token":"<!--#echo var=OIDC_access_token -->"}' >"$FOLDER/fresh.shtml"
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
LoadModule include_module /usr/lib/apache2/modules/mod_include.so
LoadModule mime_module /usr/lib/apache2/modules/mod_mime.so
TypesConfig /etc/mime.types
DocumentRoot $FOLDER
OIDCCABundlePath $CA
OIDCUnAuthAction auth true
# snippet
OIDCProviderMetadataURL $ISSUER/.well-known/openid-configuration
OIDCClientID $CLIENT_ID
OIDCClientSecret $CLIENT_SECRET
OIDCRedirectURI $REDIRECT_URI
OIDCCryptoPassphrase $(openssl rand -hex 16)
OIDCScope "openid identify email"
OIDCPKCEMethod S256
OIDCRemoteUserClaim sub
<Location />
    AuthType openid-connect
    Require valid-user
</Location>
<Location /fresh.shtml>
    OIDCRefreshAccessTokenBeforeExpiry 700000 logout_on_error
</Location>
# end of snippet
<Directory $FOLDER>
    Options +Includes
    AddOutputFilter INCLUDES .shtml
</Directory>

CONF
chmod 755 "$FOLDER"
export SSL_CERT_FILE=$CA
exec apache2 -f "$FOLDER/site.conf" -DFOREGROUND
