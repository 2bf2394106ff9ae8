# Client: OAuth::Lite2
# Ecosystem: Perl
# Version: 0.11 (Debian's liboauth-lite2-perl)
# Install: apt liboauth-lite2-perl libjson-perl liburi-perl libwww-perl
# Setting: none
# Proves: login, refresh, revocation, denial, limited answer, outage
# Denial: access_denied
# Limited: temporarily_unavailable
# Outage: temporarily_unavailable
# Note: It sends no PKCE.

use strict;
use warnings;
use JSON;
use LWP::UserAgent;
use OAuth::Lite2::Client::WebServer;
use URI;

# snippet
my $client = OAuth::Lite2::Client::WebServer->new(
    id               => $ENV{CLIENT_ID},
    secret           => $ENV{CLIENT_SECRET},
    authorize_uri    => "$ENV{ISSUER}/oauth2/authorize",
    access_token_uri => "$ENV{ISSUER}/api/oauth2/token",
);

sub authorize {
    return $client->uri_to_redirect(redirect_uri => $ENV{REDIRECT_URI}, scope => 'identify email', state => 'of-the-session');
}
sub callback { my ($code) = @_; $client->get_access_token(code => $code, redirect_uri => $ENV{REDIRECT_URI}) or die $client->errstr }
sub refresh  { my ($token) = @_; $client->refresh_access_token(refresh_token => $token) or die $client->errstr }
# end of snippet

sub told { my ($token) = @_; return { access_token => $token->access_token, refresh_token => $token->refresh_token } }

my %calls = (
    authorize => \&authorize,
    callback  => sub {
        my %query = URI->new(shift)->query_form;
        die "$query{error}\n" if $query{error};
        return told(callback($query{code}));
    },
    me => sub {
        my $response = LWP::UserAgent->new->get("$ENV{ISSUER}/api/users/\@me", Authorization => "Bearer $_[0]");
        die $response->status_line . "\n" unless $response->is_success;
        return decode_json($response->decoded_content);
    },
    refresh => sub { told(refresh(shift)) },
);

$| = 1;
while (my $line = <STDIN>) {
    my ($name, @args) = @{ decode_json($line) };
    my $returned = eval { ($calls{$name} || sub { die "no such call\n" })->(@args) };
    my $error = $@;
    chomp $error;
    print encode_json($error ? { raised => { type => 'died', message => "$error" } } : { returned => $returned }), "\n";
}
