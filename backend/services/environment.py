"""What the services are told: every setting by environment, so that a child decides exactly as its parent would."""

import json
import os
from pathlib import Path

from backend.errors import ServiceError
from backend.labelstudio.accounts import data_folder, files_folder
from backend.settings import Settings
from backend.store.secrets import secret

SITE = Path(__file__).parent / "label_studio_site"
"""Goes onto Label Studio's path: our settings module, the guard and the account script."""
INHERITED_BY_LABEL_STUDIO = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "SSL_CERT_FILE", "DJANGO_DB")
DATABASE_PREFIX = "POSTGRE_"

LABEL_STUDIO = {
    "DJANGO_SETTINGS_MODULE": "scintiloop_settings",
    "LOG_LEVEL": "WARNING",
    "DEBUG": "false",
    "COLLECT_ANALYTICS": "false",
    "SENTRY_DSN": "",
    "FRONTEND_SENTRY_DSN": "",
    "LATEST_VERSION_CHECK": "false",
    "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
    "ML_BLOCK_LOCAL_IP": "false",
    "SSRF_PROTECTION_ENABLED": "false",
    "CORS_ALLOW_ALL_ORIGINS": "false",
    "LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED": "true",
    "PYTHONUNBUFFERED": "1",
}


def service_environment(settings: Settings) -> dict[str, str]:
    """This process's environment with every setting in force made explicit."""
    return os.environ | {
        f"SCINTILOOP_{name.upper()}": _as_text(value)
        for name, value in settings.model_dump().items()
        if value is not None
    }


def _as_text(value: object) -> str:
    if isinstance(value, Path):
        return str(value.absolute())
    return value if isinstance(value, str) else json.dumps(value)


def label_studio_environment(settings: Settings) -> dict[str, str]:
    """Quiet, closed and with the guard; nothing of the caller's environment that could reconfigure it."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in INHERITED_BY_LABEL_STUDIO or name.startswith(DATABASE_PREFIX)
    }
    places = {
        "PYTHONPATH": str(SITE),
        "LABEL_STUDIO_BASE_DATA_DIR": str(data_folder(settings)),
        "LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT": str(files_folder(settings)),
        # the key that Label Studio makes itself can be one that it cannot read back, and then every token is void
        "SECRET_KEY": secret(settings, "label_studio_key"),
        "LABEL_STUDIO_HOST": settings.label_studio_address,
    }
    return {"DJANGO_DB": "sqlite"} | kept | LABEL_STUDIO | places


def label_studio_python(settings: Settings) -> Path:
    """Raises: ServiceError: Label Studio's own environment is not there."""
    beside = Path(__file__).parents[2] / ".venv-label-studio" / "bin" / "python"
    python = settings.label_studio_python or beside
    if not python.is_file():
        raise ServiceError(
            f"Label Studio's Python is not at {python}; run `make demo` once or set SCINTILOOP_LABEL_STUDIO_PYTHON"
        )
    return python.absolute()
