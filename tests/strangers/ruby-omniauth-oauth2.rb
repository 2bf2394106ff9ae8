# Client: omniauth-oauth2
# Ecosystem: Ruby
# Version: 1.8.0 (Debian's ruby-omniauth-oauth2)
# Install: apt ruby-omniauth-oauth2 ruby-rack ruby-webrick
# Driven: as a site
# Enter: /auth/fluxer
# Callback: /auth/fluxer/callback
# Setting: none
# Proves: login, denial, limited answer, outage
# Lacks: refresh, revocation
# Denial: access_denied
# Limited: temporarily_unavailable
# Outage: temporarily_unavailable

require 'json'
require 'omniauth-oauth2'
require 'rack'
require 'webrick'

# snippet
class Fluxer < OmniAuth::Strategies::OAuth2
  option :name, 'fluxer'
  option :client_options, site: ENV['ISSUER'], authorize_url: '/oauth2/authorize', token_url: '/api/oauth2/token'
  option :scope, 'identify email'
  option :pkce, true

  uid { raw_info['id'] }
  info { { name: raw_info['username'], email: raw_info['email'] } }

  def raw_info
    @raw_info ||= access_token.get('/api/users/@me').parsed
  end

  # Without this, the query of the callback would be a part of it.
  def callback_url
    full_host + callback_path
  end
end
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
  use(OmniAuth::Builder) { provider Fluxer, ENV['CLIENT_ID'], ENV['CLIENT_SECRET'] }
  run ->(env) { [200, { 'Content-Type' => 'application/json' }, [JSON.generate(env['omniauth.auth'])]] }
end
Rack::Handler::WEBrick.run(
  app.to_app, Host: '127.0.0.1', Port: ENV['PORT'].to_i, Logger: WEBrick::Log.new(File::NULL), AccessLog: []
)
