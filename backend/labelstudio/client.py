"""A connection to Label Studio as one user, and its failures in our words."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from backend.errors import ServiceError
from backend.settings import Settings

TIMEOUT_SECONDS = 120.0
LONGEST_QUOTE = 300


def connect(settings: Settings, token: str) -> Any:
    """The SDK's client; a personal access token becomes a short-lived one at the first request."""
    # 110 MB that a process without Label Studio's API should not carry
    import label_studio_sdk.client  # noqa: PLC0415

    sdk: Any = label_studio_sdk.client
    return sdk.LabelStudio(base_url=settings.label_studio_address, api_key=token, timeout=TIMEOUT_SECONDS)


@contextmanager
def asking(settings: Settings, what: str) -> Iterator[None]:
    """Turns the SDK's errors into ours; `what` ends the sentence "Label Studio could not …".

    Raises:
        ServiceError: Label Studio is away or refused.
    """
    import httpx  # noqa: PLC0415 (comes with the SDK)
    from label_studio_sdk.core.api_error import ApiError  # noqa: PLC0415

    try:
        yield
    except ApiError as error:
        reason = str(error.body)[:LONGEST_QUOTE]
        raise ServiceError(f"Label Studio could not {what}: status {error.status_code}, {reason}") from None
    except httpx.HTTPError as error:
        raise ServiceError(
            f"Label Studio could not {what}: {settings.label_studio_address} does not answer ({type(error).__name__}); "
            "see `scintiloop status`"
        ) from None
