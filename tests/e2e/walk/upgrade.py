"""Runs in Label Studio's own Python: what an upgrade with new routes would answer, through the real middleware.

python upgrade.py USER...    prints, per user, the status of each new route; `0` is somebody without a log-in
"""

import json
import sys
import time
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import django
from django.apps import apps
from django.conf import settings
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import include, path

TOLD = "told by a new route"
PATHS = {
    "a new route": "/api/brand-new/",
    "a new route without a name": "/api/unnamed/",
    "a new route with an id": "/api/brand-new/1/",
    "a known name with a part that nobody knows": "/api/renamed/1/",
    "a public view over another folder": "/another-folder/upgrade.py",
    "a new route in a new application": "/new-application/things",
}


def new_routes(folder):
    serve = import_module("core.utils.static_serve").serve

    def told(_request, **_parts):
        return HttpResponse(TOLD)

    urls = ModuleType("upgraded_urls")
    urls.urlpatterns = [
        path("api/brand-new/", told, name="brand-new"),
        path("api/unnamed/", told),
        path("api/brand-new/<int:pk>/", told, name="brand-new-detail"),
        path("api/renamed/<int:thing>/", told, name="user-detail"),
        path("another-folder/<path:path>", serve, kwargs={"document_root": folder}),
        path("new-application/", include(([path("things", told, name="things")], "new"))),
        path("", include("core.urls")),
    ]
    sys.modules[urls.__name__] = urls
    return urls.__name__


def answers(user):
    client = Client(raise_request_exception=False)
    if user:
        account = apps.get_model("users.User").objects.get(pk=user)
        client.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
        session = client.session
        session["last_login"] = time.time()
        session.save()
        client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    methods = ("get", "post", "put", "patch", "delete")
    return {
        what: sorted({getattr(client, method)(where).status_code for method in methods})
        for what, where in PATHS.items()
    }


def main(users):
    sys.path.insert(0, str(Path(find_spec("label_studio").origin).parent))
    django.setup()
    folder = Path(__file__).parent
    with override_settings(ROOT_URLCONF=new_routes(str(folder)), ALLOWED_HOSTS=["*"]):
        print(json.dumps({str(user): answers(user) for user in users}))  # noqa: T201


if __name__ == "__main__":
    main([int(user) for user in sys.argv[1:]])
