# Client: mozilla-django-oidc
# Ecosystem: Python
# Version: 5.0.2
# Install: pip mozilla-django-oidc==5.0.2
# Driven: as a site
# Enter: /oidc/authenticate/
# Callback: /oidc/callback/
# Setting: none
# Proves: login, denial, limited answer, outage
# Lacks: refresh, revocation
# Denial: refused
# Limited: 429
# Outage: 503
# Note: A denial ends where `LOGIN_REDIRECT_URL_FAILURE` says, without a word of what it was. It wants the ID token's algorithm named.

import logging
import os

import django
from django.conf import settings
from django.core.management import call_command
from django.http import HttpResponse, JsonResponse
from django.urls import include, path

ISSUER = os.environ["ISSUER"]

# snippet
SETTINGS = dict(
    AUTHENTICATION_BACKENDS=["mozilla_django_oidc.auth.OIDCAuthenticationBackend"],
    OIDC_RP_CLIENT_ID=os.environ["CLIENT_ID"],
    OIDC_RP_CLIENT_SECRET=os.environ["CLIENT_SECRET"],
    OIDC_RP_SIGN_ALGO="RS256",
    OIDC_RP_SCOPES="openid email",
    OIDC_USE_PKCE=True,
    OIDC_OP_AUTHORIZATION_ENDPOINT=f"{ISSUER}/oauth2/authorize",
    OIDC_OP_TOKEN_ENDPOINT=f"{ISSUER}/api/oauth2/token",
    OIDC_OP_USER_ENDPOINT=f"{ISSUER}/api/oauth2/userinfo",
    OIDC_OP_JWKS_ENDPOINT=f"{ISSUER}/.well-known/jwks.json",
)
# end of snippet

settings.configure(
    DEBUG=False, SECRET_KEY="of the site", ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"],
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "mozilla_django_oidc"],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware", "django.contrib.auth.middleware.AuthenticationMiddleware",
        f"{__name__}.report",
    ],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(os.environ["FOLDER"], "db")}},
    LOGIN_REDIRECT_URL="/me", LOGIN_REDIRECT_URL_FAILURE="/refused", SESSION_COOKIE_SECURE=False, **SETTINGS,
)


def report(get_response):
    def middleware(request):
        return get_response(request)

    middleware.process_exception = lambda request, error: HttpResponse(f"{type(error).__name__} {error}", status=500)
    return middleware


def me(request):
    return JsonResponse({"name": request.user.username, "email": request.user.email})


django.setup()
urlpatterns = [
    path("", lambda request: HttpResponse("here")), path("me", me), path("oidc/", include("mozilla_django_oidc.urls")),
    path("refused", lambda request: HttpResponse("refused", status=400)),
]
call_command("migrate", verbosity=0)
logging.getLogger("django.server").setLevel(logging.ERROR)
call_command("runserver", f"127.0.0.1:{os.environ['PORT']}", use_reloader=False, verbosity=0)
