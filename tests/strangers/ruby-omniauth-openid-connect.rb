# Client: omniauth-openid-connect (GitLab's)
# Ecosystem: Ruby
# Version: 0.10.0 (Debian's ruby-omniauth-openid-connect)
# Install: apt ruby-omniauth-openid-connect ruby-rack ruby-webrick
# Driven: as a site
# Worker: https
# Enter: /auth/openid_connect
# Callback: /auth/openid_connect/callback
# Setting: none
# Proves: login, denial, limited answer, outage
# Lacks: refresh, revocation
# Denial: access_denied
# Limited: temporarily_unavailable
# Outage: temporarily_unavailable
# Note: Its discovery speaks to https only.

ENV['SSL_CERT_FILE'] = ENV['CA']

require 'json'
require 'omniauth_openid_connect'
require 'rack'
require 'webrick'

# snippet
FLUXER = {
  issuer: ENV['ISSUER'],
  discovery: true,
  scope: %i[openid identify email],
  client_options: { identifier: ENV['CLIENT_ID'], secret: ENV['CLIENT_SECRET'], redirect_uri: ENV['REDIRECT_URI'] }
}.freeze
# end of snippet

OmniAuth.config.allowed_request_methods = %i[get] # a link begins the login, for the browser here has no form
OmniAuth.config.silence_get_warning = true
OmniAuth.config.logger = Logger.new(File::NULL)
OmniAuth.config.on_failure = lambda { |env|
  error = env['omniauth.error']
  [500, { 'Content-Type' => 'text/plain' }, ["#{env['omniauth.error.type']} #{error && error.message}"]]
}
app = Rack::Builder.new do
  use Rack::Session::Cookie, secret: 'of the session, and long enough to be one'
  use(OmniAuth::Builder) { provider :openid_connect, FLUXER }
  run ->(env) { [200, { 'Content-Type' => 'application/json' }, [JSON.generate(env['omniauth.auth'].slice('uid', 'info'))]] }
end
Rack::Handler::WEBrick.run(
  app.to_app, Host: '127.0.0.1', Port: ENV['PORT'].to_i, Logger: WEBrick::Log.new(File::NULL), AccessLog: []
)
