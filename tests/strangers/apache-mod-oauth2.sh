# Client: Apache with mod_oauth2, as a resource server
# Ecosystem: Apache
# Version: 3.3.1 (Debian's libapache2-mod-oauth2, liboauth2 1.4.5)
# Install: apt apache2 libapache2-mod-oauth2
# Driven: as a resource server
# Enter: /
# Setting: the application may introspect tokens of others (`introspects`)
# Proves: introspection, revocation, outage
# Lacks: refresh, denial, limited answer
# Outage: 401
# Without: 401
# Note: Without its setting it answers every token with 401. A token that it has seen stays good in its cache for 300
#   seconds, revoked or not: `expiry` shortens that.

cat >"$FOLDER/index.html" <<<'for holders of a token'
cat >"$FOLDER/site.conf" <<CONF
ServerRoot $FOLDER
ServerName 127.0.0.1
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
LoadModule oauth2_module /usr/lib/apache2/modules/mod_oauth2.so
DocumentRoot $FOLDER
# snippet
<Location />
    AuthType oauth2
    OAuth2TokenVerify introspect $ISSUER/api/oauth2/introspect introspect.auth=client_secret_basic&client_id=$CLIENT_ID&client_secret=$CLIENT_SECRET
    Require valid-user
</Location>
# end of snippet
CONF
chmod 755 "$FOLDER"
exec apache2 -f "$FOLDER/site.conf" -DFOREGROUND
