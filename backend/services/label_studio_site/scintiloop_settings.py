"""Label Studio's settings with the guard in front of every view, and a database that bears several writers."""

import os
from pathlib import Path

# Label Studio takes secrets from its environment alone: secret files go there, seen by this process only
if folder := os.environ.get("SCINTILOOP_SECRETS_DIR"):
    os.environ["SECRET_KEY"] = (Path(folder) / "label_studio_key").read_text(encoding="utf-8").strip()
    os.environ["POSTGRE_PASSWORD"] = (Path(folder) / "label_studio_database_password").read_text("utf-8").strip()

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
