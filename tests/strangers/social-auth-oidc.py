# Client: social-auth (OpenIdConnectAuth, Django)
# Ecosystem: Python
# Version: 8.0.0, core 7.0.0
# Install: pip social-auth-app-django==8.0.0 social-auth-core==7.0.0
# Driven: as a site
# Enter: /login
# Callback: /complete/oidc/
# Setting: none
# Proves: login, refresh, revocation, denial, limited answer, outage
# Denial: AuthCanceled
# Limited: temporarily unavailable
# Outage: temporarily unavailable

import logging
import os

import django
from django.conf import settings
from django.core.management import call_command
from django.http import HttpResponse, JsonResponse
from django.urls import include, path

# snippet
SETTINGS = dict(
    AUTHENTICATION_BACKENDS=["social_core.backends.open_id_connect.OpenIdConnectAuth"],
    SOCIAL_AUTH_OIDC_OIDC_ENDPOINT=os.environ["ISSUER"],
    SOCIAL_AUTH_OIDC_KEY=os.environ["CLIENT_ID"],
    SOCIAL_AUTH_OIDC_SECRET=os.environ["CLIENT_SECRET"],
)
# end of snippet

settings.configure(
    DEBUG=False, SECRET_KEY="of the site", ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"],
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "social_django"],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware", "django.contrib.auth.middleware.AuthenticationMiddleware",
        f"{__name__}.report",
    ],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(os.environ["FOLDER"], "db")}},
    LOGIN_REDIRECT_URL="/me", DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    **SETTINGS,
)


def report(get_response):
    def middleware(request):
        return get_response(request)

    middleware.process_exception = lambda request, error: HttpResponse(f"{type(error).__name__} {error}", status=500)
    return middleware


def me(request):
    from social_django.models import UserSocialAuth

    return JsonResponse({"uid": UserSocialAuth.objects.get(user=request.user).uid, "email": request.user.email})


def refresh(request):
    from social_django.models import UserSocialAuth
    from social_django.utils import load_strategy

    social = UserSocialAuth.objects.get(user=request.user)
    social.refresh_token(load_strategy(request))
    return JsonResponse(social.extra_data)


django.setup()

from social_core.actions import do_auth
from social_django.utils import psa


@psa("social:complete")
def login(request, backend):
    """What a form's POST to /login/oidc/ does, for a link."""
    return do_auth(request.backend)


urlpatterns = [path("", lambda request: HttpResponse("here")), path("me", me), path("refresh", refresh), path("login", login, {"backend": "oidc"}), path("", include("social_django.urls", namespace="social"))]
call_command("migrate", verbosity=0)
logging.getLogger("django.server").setLevel(logging.ERROR)
call_command("runserver", f"127.0.0.1:{os.environ['PORT']}", use_reloader=False, verbosity=0)
