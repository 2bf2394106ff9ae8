# Client: LWP::Authen::OAuth2
# Ecosystem: Perl
# Version: 0.20 (Debian's liblwp-authen-oauth2-perl)
# Install: apt liblwp-authen-oauth2-perl libjson-perl
# Setting: none
# Proves: login, refresh, revocation, denial, limited answer, outage
# Denial: access_denied
# Limited: temporarily_unavailable
# Outage: temporarily_unavailable
# Note: It sends no PKCE. Where it knows when the token ends, it refreshes by itself.

use strict;
use warnings;
use JSON;
use LWP::Authen::OAuth2;
use URI;

# snippet
my $oauth2 = LWP::Authen::OAuth2->new(
    client_id              => $ENV{CLIENT_ID},
    client_secret          => $ENV{CLIENT_SECRET},
    redirect_uri           => $ENV{REDIRECT_URI},
    authorization_endpoint => "$ENV{ISSUER}/oauth2/authorize",
    token_endpoint         => "$ENV{ISSUER}/api/oauth2/token",
    scope                  => 'identify email',
    state                  => 'of-the-session',
    save_tokens            => sub { our $saved = decode_json(shift) },
);

sub authorize { $oauth2->authorization_url }
sub callback  { my ($code) = @_; $oauth2->request_tokens(code => $code); our $saved }
sub me        { decode_json($oauth2->get("$ENV{ISSUER}/api/users/\@me")->decoded_content) }
# end of snippet

sub with_token {
    my %token = (token_type => 'Bearer', _class => 'LWP::Authen::OAuth2::AccessToken::Bearer', create_time => time, @_);
    $oauth2->load_token_string(encode_json(\%token));
}

my %calls = (
    authorize => \&authorize,
    callback  => sub {
        my %query = URI->new(shift)->query_form;
        die "$query{error}\n" if $query{error};
        return callback($query{code});
    },
    me => sub {
        with_token(access_token => shift, expires_in => 3600);
        my $me = me();
        die "$me->{message}\n" unless $me->{id};
        return $me;
    },
    refresh => sub {
        with_token(access_token => 'old', refresh_token => shift, expires_in => 1, create_time => time - 10);
        $oauth2->get("$ENV{ISSUER}/api/users/\@me");
        return our $saved;
    },
);

$| = 1;
while (my $line = <STDIN>) {
    my ($name, @args) = @{ decode_json($line) };
    my $returned = eval { ($calls{$name} || sub { die "no such call\n" })->(@args) };
    my $error = $@;
    chomp $error;
    print encode_json($error ? { raised => { type => 'died', message => $error } } : { returned => $returned }), "\n";
}
