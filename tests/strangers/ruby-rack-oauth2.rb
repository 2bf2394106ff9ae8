# Client: rack-oauth2
# Ecosystem: Ruby
# Version: 1.21.3 (Debian's ruby-rack-oauth2)
# Install: apt ruby-rack-oauth2
# Setting: none
# Proves: login, refresh, revocation, denial, limited answer, outage
# Denial: access_denied
# Limited: temporarily_unavailable
# Outage: temporarily_unavailable

require 'json'
require 'rack/oauth2'

# snippet
client = Rack::OAuth2::Client.new(
  identifier: ENV['CLIENT_ID'], secret: ENV['CLIENT_SECRET'], redirect_uri: ENV['REDIRECT_URI'],
  authorization_endpoint: "#{ENV['ISSUER']}/oauth2/authorize",
  token_endpoint: "#{ENV['ISSUER']}/api/oauth2/token",
  revocation_endpoint: "#{ENV['ISSUER']}/api/oauth2/revoke"
)

authorize = -> { client.authorization_uri(scope: %w[identify email], state: 'of-the-session') }
callback = lambda { |code|
  client.authorization_code = code
  client.access_token!
}
me = ->(token) { Rack::OAuth2::AccessToken::Bearer.new(access_token: token).get("#{ENV['ISSUER']}/api/users/@me") }
refresh = lambda { |token|
  client.refresh_token = token
  client.access_token!
}
revoke = ->(token) { client.revoke!(refresh_token: token) }
# end of snippet

calls = {
  'authorize' => authorize,
  'callback' => lambda { |address|
    query = URI.decode_www_form(URI(address).query).to_h
    raise query['error'] if query['error']
    callback.(query['code']).raw_attributes
  },
  'me' => lambda { |token|
    response = me.(token)
    raise response.status.to_s unless response.status == 200
    JSON.parse(response.body)
  },
  'refresh' => ->(token) { refresh.(token).raw_attributes },
  'revoke' => ->(token) { revoke.(token) }
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
