"""Scintiloop's settings of Label Studio with nothing but the guard left out."""

# asked for while the settings that follow are being read
from core.settings.base import *  # noqa: F403
from scintiloop_settings import *  # noqa: F403
from scintiloop_settings import MIDDLEWARE

MIDDLEWARE.remove("scintiloop_guard.GuardMiddleware")
