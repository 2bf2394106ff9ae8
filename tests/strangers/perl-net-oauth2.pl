# Client: Net::OAuth2
# Ecosystem: Perl
# Version: 0.67 (Debian's libnet-oauth2-perl)
# Install: apt libnet-oauth2-perl libjson-perl
# Setting: none
# Proves: login, refresh, revocation, denial, limited answer, outage
# Denial: access_denied
# Limited: 429 Too Many Requests
# Outage: temporarily_unavailable
# Note: It sends no PKCE.

use strict;
use warnings;
use JSON;
use Net::OAuth2::AccessToken;
use Net::OAuth2::Profile::WebServer;
use URI;

# snippet
my $profile = Net::OAuth2::Profile::WebServer->new(
    client_id      => $ENV{CLIENT_ID},
    client_secret  => $ENV{CLIENT_SECRET},
    site           => $ENV{ISSUER},
    authorize_path => '/oauth2/authorize',
    access_token_path  => '/api/oauth2/token',
    refresh_token_path => '/api/oauth2/token',
    redirect_uri   => $ENV{REDIRECT_URI},
    scope          => 'identify email',
    state          => 'of-the-session',
);

sub authorize { $profile->authorize->as_string }
sub callback  { my ($code) = @_; $profile->get_access_token($code) }
sub me        { my ($token) = @_; $token->get('/api/users/@me') }
sub refresh   { my ($token) = @_; $token->refresh; $token }
# end of snippet

sub token { Net::OAuth2::AccessToken->new(profile => $profile, token_type => 'Bearer', @_) }

sub told {
    my ($token) = @_;
    die join(' ', grep { defined } $token->error, $token->error_description) . "\n" if $token->error;
    return { access_token => $token->access_token, refresh_token => $token->refresh_token };
}

my %calls = (
    authorize => \&authorize,
    callback  => sub {
        my %query = URI->new(shift)->query_form;
        die "$query{error}\n" if $query{error};
        return told(callback($query{code}));
    },
    me => sub {
        my $response = me(token(access_token => shift));
        die $response->status_line . "\n" unless $response->is_success;
        return decode_json($response->decoded_content);
    },
    refresh => sub { told(refresh(token(access_token => 'old', refresh_token => shift))) },
);

$| = 1;
while (my $line = <STDIN>) {
    my ($name, @args) = @{ decode_json($line) };
    my $returned = eval { ($calls{$name} || sub { die "no such call\n" })->(@args) };
    my $error = $@;
    chomp $error;
    print encode_json($error ? { raised => { type => 'died', message => $error } } : { returned => $returned }), "\n";
}
