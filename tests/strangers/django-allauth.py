# Client: django-allauth (openid_connect)
# Ecosystem: Python
# Version: 65.21.1
# Install: pip django-allauth[socialaccount,openid]==65.21.1
# Driven: as a site
# Enter: /accounts/oidc/fluxer/login/
# Callback: /accounts/oidc/fluxer/login/callback/
# Setting: none
# Proves: login, denial, limited answer, outage
# Lacks: refresh, revocation
# Denial: cancel
# Limited: Error retrieving access token
# Outage: Error retrieving access token

import logging
import os
import sys

import django
from django.conf import settings
from django.core.management import call_command
from django.http import HttpResponse, JsonResponse
from django.urls import include, path

ISSUER = os.environ["ISSUER"]

# snippet
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "fluxer",
                "name": "Fluxer",
                "client_id": os.environ["CLIENT_ID"],
                "secret": os.environ["CLIENT_SECRET"],
                "settings": {"server_url": ISSUER},
            }
        ],
    }
}
# end of snippet

settings.configure(
    DEBUG=False, SECRET_KEY="of the site", ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"],
    INSTALLED_APPS=[
        "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "django.contrib.messages",
        "allauth", "allauth.account", "allauth.socialaccount", "allauth.socialaccount.providers.openid_connect",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware", "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware", "allauth.account.middleware.AccountMiddleware",
    ],
    TEMPLATES=[{
        "BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(os.environ["FOLDER"], "db")}},
    AUTHENTICATION_BACKENDS=["allauth.account.auth_backends.AuthenticationBackend"],
    SOCIALACCOUNT_PROVIDERS=SOCIALACCOUNT_PROVIDERS, SOCIALACCOUNT_LOGIN_ON_GET=True, SOCIALACCOUNT_STORE_TOKENS=True,
    LOGIN_REDIRECT_URL="/me", ACCOUNT_EMAIL_VERIFICATION="none",
    LOGGING={"version": 1, "disable_existing_loggers": False},
)
django.setup()


def me(request):
    from allauth.socialaccount.models import SocialAccount

    return JsonResponse(SocialAccount.objects.get(user=request.user).extra_data)




urlpatterns = [path("", lambda request: HttpResponse("here")), path("me", me), path("accounts/", include("allauth.urls"))]

from allauth.socialaccount.adapter import DefaultSocialAccountAdapter


class Adapter(DefaultSocialAccountAdapter):
    def on_authentication_error(self, request, provider, error=None, exception=None, extra_context=None):
        from allauth.core.exceptions import ImmediateHttpResponse

        raise ImmediateHttpResponse(HttpResponse(f"{error} {exception}", status=500))


sys.modules["site_adapter"] = sys.modules[__name__]
settings.SOCIALACCOUNT_ADAPTER = "site_adapter.Adapter"
call_command("migrate", verbosity=0)
logging.getLogger("django.server").setLevel(logging.ERROR)
call_command("runserver", f"127.0.0.1:{os.environ['PORT']}", use_reloader=False, verbosity=0)
