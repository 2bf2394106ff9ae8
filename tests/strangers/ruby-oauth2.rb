# Client: oauth2
# Ecosystem: Ruby
# Version: 1.4.4 (Debian's ruby-oauth2)
# Install: apt ruby-oauth2
# Setting: none
# Proves: login, refresh, revocation, denial, limited answer, outage
# Denial: access_denied
# Limited: temporarily_unavailable
# Outage: temporarily_unavailable
# Note: A denial is a parameter of the callback, which the application reads itself.

require 'json'
require 'oauth2'

# snippet
client = OAuth2::Client.new(
  ENV['CLIENT_ID'], ENV['CLIENT_SECRET'],
  site: ENV['ISSUER'], authorize_url: '/oauth2/authorize', token_url: '/api/oauth2/token'
)
redirect_uri = ENV['REDIRECT_URI']

authorize = -> { client.auth_code.authorize_url(redirect_uri: redirect_uri, scope: 'identify email', state: 'of-the-session') }
callback = ->(code) { client.auth_code.get_token(code, redirect_uri: redirect_uri) }
me = ->(token) { OAuth2::AccessToken.new(client, token).get('/api/users/@me').parsed }
refresh = ->(token) { OAuth2::AccessToken.new(client, '', refresh_token: token).refresh! }
# end of snippet

calls = {
  'authorize' => authorize,
  'callback' => lambda { |address|
    query = URI.decode_www_form(URI(address).query).to_h
    raise query['error'] if query['error']
    callback.(query['code']).to_hash
  },
  'me' => me,
  'refresh' => ->(token) { refresh.(token).to_hash }
}
$stdout.sync = true
while (line = $stdin.gets)
  name, *args = JSON.parse(line)
  begin
    raise 'no such call' unless calls[name]
    puts JSON.generate(returned: calls[name].(*args))
  rescue StandardError => e
    puts JSON.generate(raised: { type: e.class.name, message: e.message })
  end
end
