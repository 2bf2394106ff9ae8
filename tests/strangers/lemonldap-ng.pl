# Client: LemonLDAP::NG, as a relying party
# Ecosystem: Perl
# Version: 2.16.1 (Debian's liblemonldap-ng-portal-perl)
# Install: apt liblemonldap-ng-portal-perl libplack-perl libgd-securityimage-perl libimage-magick-perl
# Driven: as a site
# Enter: /
# Callback: /?openidconnectcallback=1
# Setting: none
# Proves: login, denial, limited answer, outage
# Lacks: refresh, revocation
# Denial: trmsg="106"
# Limited: trmsg="106"
# Outage: trmsg="106"
# Note: Every refusal is its "Error during authentication with OpenID Provider"; what it was is in its log.

use strict;
use warnings;
use JSON;
use LWP::Simple;
use Plack::Runner;

my ($issuer, $folder, $port) = @ENV{qw(ISSUER FOLDER PORT)};
my $discovery = get("$issuer/.well-known/openid-configuration");

# snippet
my %portal = (
    authentication     => 'OpenIDConnect',
    userDB             => 'OpenIDConnect',
    oidcOPMetaDataJSON => { fluxer => $discovery },
    oidcOPMetaDataJWKS => { fluxer => get("$issuer/.well-known/jwks.json") },
    oidcOPMetaDataOptions => {
        fluxer => {
            oidcOPMetaDataOptionsConfigurationURI  => "$issuer/.well-known/openid-configuration",
            oidcOPMetaDataOptionsClientID          => $ENV{CLIENT_ID},
            oidcOPMetaDataOptionsClientSecret      => $ENV{CLIENT_SECRET},
            oidcOPMetaDataOptionsScope             => 'openid identify email',
            oidcOPMetaDataOptionsCheckJWTSignature => 1,
            oidcOPMetaDataOptionsUseNonce          => 1,
        },
    },
    oidcOPMetaDataExportedVars => { fluxer => { uid => 'sub', mail => 'email' } },
);
# end of snippet

mkdir "$folder/$_" for qw(conf sessions);
my $sessions = { Directory => "$folder/sessions", LockDirectory => "$folder/sessions" };
my %site = (
    %portal,
    cfgNum => 1, cfgAuthor => 'test', cfgDate => time, domain => '127.0.0.1', cookieName => 'lemonldap', key => 'of the site',
    portal => "http://127.0.0.1:$port/", whatToTrace => 'mail', portalUserAttr => 'mail', portalSkin => 'bootstrap',
    globalStorage => 'Apache::Session::File', globalStorageOptions => $sessions,
    localSessionStorage => undef,
    locationRules => { default => { default => 'accept' } },
);
write_file("$folder/conf/lmConf-1.json", to_json(\%site));
write_file("$folder/lemonldap-ng.ini", <<INI);
[all]
logLevel = error
checkTime = 1
[configuration]
type = File
dirName = $folder/conf
[portal]
staticPrefix = /static
templateDir = /usr/share/lemonldap-ng/portal/templates
INI

sub write_file {
    my ($name, $text) = @_;
    open my $file, '>', $name or die "$name: $!";
    print {$file} $text;
    close $file;
}

$ENV{LLNG_DEFAULTCONFFILE} = "$folder/lemonldap-ng.ini";
require Lemonldap::NG::Portal::Main;
my $runner = Plack::Runner->new;
$runner->parse_options('--host', '127.0.0.1', '--port', $port, '--env', 'deployment');
$runner->run(Lemonldap::NG::Portal::Main->run({ configStorage => { confFile => "$folder/lemonldap-ng.ini" } }));
