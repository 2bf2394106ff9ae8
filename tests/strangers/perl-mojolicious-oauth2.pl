# Client: Mojolicious::Plugin::OAuth2
# Ecosystem: Perl
# Version: 2.02 (Debian's libmojolicious-plugin-oauth2-perl)
# Install: apt libmojolicious-plugin-oauth2-perl
# Driven: as a site
# Setting: none
# Proves: login, refresh, revocation, denial, limited answer, outage
# Denial: The user denied access
# Limited: Too Many Requests
# Outage: Service Unavailable

use Mojolicious::Lite -signatures;

# snippet
plugin OAuth2 => {
    fluxer => {
        key           => $ENV{CLIENT_ID},
        secret        => $ENV{CLIENT_SECRET},
        authorize_url => "$ENV{ISSUER}/oauth2/authorize",
        token_url     => "$ENV{ISSUER}/api/oauth2/token",
        scope         => 'identify email',
    },
};

get '/login' => sub ($c) {
    my %args = (redirect_uri => $ENV{REDIRECT_URI}, authorize_query => { state => 'of-the-session' });
    $c->redirect_to($c->oauth2->auth_url('fluxer', \%args));
};

my $kept;
get '/callback' => sub ($c) {
    $c->oauth2->get_token_p(fluxer => { redirect_uri => $ENV{REDIRECT_URI} })->then(sub ($tokens) {
        $kept = $tokens;
        return $c->ua->get_p("$ENV{ISSUER}/api/users/\@me", { Authorization => "Bearer $tokens->{access_token}" });
    })->then(sub ($tx) {
        $c->render(json => $tx->res->json);
    })->catch(sub ($error) {
        $c->render(text => $error, status => 500);
    });
};

get '/refresh' => sub ($c) {
    $c->oauth2->get_refresh_token_p(fluxer => { refresh_token => $kept->{refresh_token} })->then(sub ($tokens) {
        $c->render(json => $kept = $tokens);
    })->catch(sub ($error) {
        $c->render(text => $error, status => 500);
    });
};
# end of snippet

app->log->level('fatal');
app->secrets(['of the session']);
app->start('daemon', '-l', "http://127.0.0.1:$ENV{PORT}");
