# Client: signet (Google's)
# Ecosystem: Ruby
# Version: 0.17.0 (Debian's ruby-signet)
# Install: apt ruby-signet
# Worker: https
# Setting: none
# Proves: login, refresh, revocation, denial, limited answer, outage
# Denial: access_denied
# Limited: temporarily_unavailable
# Outage: temporarily_unavailable
# Note: It speaks to https only, and sends no PKCE.

ENV['SSL_CERT_FILE'] = ENV['CA'] # before anything has read it
require 'json'
require 'uri'
require 'signet/oauth_2/client'

# snippet
CLIENT = Signet::OAuth2::Client.new(
  authorization_uri: "#{ENV['ISSUER']}/oauth2/authorize", token_credential_uri: "#{ENV['ISSUER']}/api/oauth2/token",
  client_id: ENV['CLIENT_ID'], client_secret: ENV['CLIENT_SECRET'],
  redirect_uri: ENV['REDIRECT_URI'], scope: %w[identify email], state: 'of-the-session'
)

callback = lambda { |code|
  CLIENT.code = code
  CLIENT.fetch_access_token!
}
me = lambda { |token|
  CLIENT.access_token = token
  CLIENT.fetch_protected_resource(uri: "#{ENV['ISSUER']}/api/users/@me")
}
refresh = lambda { |token|
  CLIENT.refresh_token = token
  CLIENT.refresh!
}
# end of snippet

calls = {
  'authorize' => -> { CLIENT.authorization_uri.to_s },
  'callback' => lambda { |address|
    query = URI.decode_www_form(URI(address).query).to_h
    raise query['error'] if query['error']
    callback.(query['code'])
  },
  'me' => lambda { |token|
    answer = me.(token)
    raise "status #{answer.status}" unless answer.status == 200
    JSON.parse(answer.body)
  },
  'refresh' => refresh
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
