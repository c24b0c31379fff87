"""The doors by which readings come in: Labelme files, Label Studio documents, webhooks."""

from typing import Any

from backend.errors import ReadingError
from backend.readings.label_studio_file import receive_label_studio
from backend.readings.labelme_file import receive_labelme
from backend.readings.live import receive_live
from backend.readings.readers import reader_of_project
from backend.readings.receipt import Receipt
from backend.readings.seal import Arrival, seal
from backend.readings.settle import TakenBack
from backend.settings import Settings
from backend.store.session import open_session
from backend.store.tables import now

__all__ = ["Receipt", "receive_label_studio", "receive_labelme", "receive_webhook"]

SOURCE = "webhook"


def receive_webhook(settings: Settings, document: object) -> Receipt:
    """What a project webhook of this home's Label Studio says; events of no concern change nothing.

    Args:
        document: the parsed body of an `ANNOTATION_CREATED`, `ANNOTATION_UPDATED` or `ANNOTATIONS_DELETED` event.

    Raises:
        ReadingError: no event of Label Studio, of a project that is no reader's, or made by somebody else.
    """
    if not isinstance(document, dict) or not isinstance(document.get("action"), str):
        raise ReadingError("no event of Label Studio: it has no action", source=SOURCE, field="action")
    if document["action"] in ("ANNOTATION_CREATED", "ANNOTATION_UPDATED"):
        return _submitted(settings, document)
    if document["action"] == "ANNOTATIONS_DELETED":
        return _deleted(settings, document)
    return Receipt()


def _submitted(settings: Settings, document: dict[str, Any]) -> Receipt:
    task, annotation = _object(document, "task"), _object(document, "annotation")
    with open_session(settings) as session:
        reader = reader_of_project(session, _object(document, "project").get("id"), SOURCE)
    person = annotation.get("completed_by")
    if (person.get("id") if isinstance(person, dict) else person) != reader.label_studio_user:
        message = f"annotation {annotation.get('id')} in the project of {reader.name!r} was made by somebody else"
        raise ReadingError(message, source=SOURCE, field="annotation.completed_by")
    return receive_live(settings, task, annotation)


def _deleted(settings: Settings, document: dict[str, Any]) -> Receipt:
    with open_session(settings) as session:
        reader = reader_of_project(session, _object(document, "project").get("id"), SOURCE)
    entries = document.get("annotations")
    numbers = [entry.get("id") for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else [None]
    if not all(isinstance(number, int) for number in numbers):
        raise ReadingError("no list of annotations with an id", source=SOURCE, field="annotations")
    taken_back = tuple(TakenBack(number, now()) for number in numbers if number is not None)
    return seal(settings, [Arrival(reader.id, taken_back=taken_back)])


def _object(document: dict[str, Any], field: str) -> dict[str, Any]:
    value = document.get(field)
    if not isinstance(value, dict):
        raise ReadingError(f"expected an object, found {value!r}", source=SOURCE, field=field)
    return value
