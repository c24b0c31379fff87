"""Label Studio's settings with the guard in front of every view, and a database that bears several writers."""

# Label Studio's module asks for settings while it is being read: the base must be here by then
from core.settings.base import *  # noqa: F403
from core.settings.label_studio import *  # noqa: F403
from core.settings.label_studio import DATABASES, LOGGING, MIDDLEWARE

MIDDLEWARE.append("scintiloop_guard.GuardMiddleware")
LOGGING["loggers"]["django"]["propagate"] = False
LOGGING["loggers"]["django.server"] = {"handlers": ["console"], "level": "ERROR", "propagate": False}

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 30,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
