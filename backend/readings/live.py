"""One annotation of this home's own Label Studio server, by webhook or by its API: the same bytes either way."""

import json
from typing import Any

from backend.readings.label_studio_file import receive_label_studio
from backend.readings.receipt import Receipt
from backend.settings import Settings

KEPT_OF_TASK = ("id", "data")


def live_document(task: dict[str, Any], annotation: dict[str, Any]) -> list[dict[str, Any]]:
    """The part of a message that is the reader's; the project's token and the server's counters stay out."""
    return [{key: task[key] for key in KEPT_OF_TASK if key in task} | {"annotations": [annotation]}]


def receive_live(settings: Settings, task: dict[str, Any], annotation: dict[str, Any]) -> Receipt:
    """Seals one annotation; a skipped one takes back what it said before."""
    content = json.dumps(live_document(task, annotation), sort_keys=True).encode()
    return receive_label_studio(settings, content, source="Label Studio", live=True)
