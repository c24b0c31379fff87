"""Who reads what, and what becomes of a worklist when somebody comes, leaves or is asked for a third reading."""

from collections.abc import Collection
from contextlib import suppress
from typing import Any

from backend.errors import ServiceError
from backend.jobs.dispatch import dispatch
from backend.jobs.steps.publish import assign_all, take_tasks_back
from backend.labelstudio.project import open_project
from backend.settings import Settings
from backend.worklist import hand_over, third
from backend.worklist.overview import overview, progress

__all__ = ["add", "change", "come_back", "leave", "overview", "progress", "request_third"]


def add(settings: Settings, reader: str, by: str, *, expert: bool = False, share: float = 1.0) -> dict[str, Any]:
    """Makes a reader known who draws in Labelme, with the studies that lack a reader; as `hand_over.add_reader` says.

    Returns:
        `{"reader", "assigned"}`: studies put before anybody by this.
    """
    hand_over.add_reader(settings, reader, by, expert=expert, share=share)
    return {"reader": reader, "assigned": _assign(settings)}


def change(
    settings: Settings, reader: str, by: str, *, expert: bool | None = None, share: float | None = None
) -> dict[str, Any]:
    """Changes a reader's expertise or share; as `hand_over.set_reader` says."""
    hand_over.set_reader(settings, reader, by, expert=expert, share=share)
    return {"reader": reader, "expert": expert, "share": share}


def leave(settings: Settings, reader: str, by: str) -> dict[str, Any]:
    """The reader leaves: what is neither read nor begun goes to others, who take over its exposure.

    Args:
        by: who says so, for the audit trail.

    Returns:
        `{"reader", "released", "begun", "assigned"}`: studies taken back, those that stay because they were begun,
        and those that others have now; the rest waits until somebody comes.

    Raises:
        NotFound: no reader of that name.
        WrongState: the reader has left already.
        ServiceError: Label Studio does not say what was begun; nothing was changed.
    """
    begun = _begun(settings, reader)
    done = hand_over.release(settings, reader, begun, by)
    assigned = _assign(settings)
    # what Label Studio does not give back now goes when the worklists are next published
    with suppress(ServiceError):
        take_tasks_back(settings, reader)
    return {"reader": reader} | done | {"assigned": assigned}


def come_back(settings: Settings, reader: str, by: str) -> dict[str, Any]:
    """The reader takes studies again: those that lack a reader, and new ones.

    Returns:
        `{"reader", "assigned"}`: studies put before anybody by this.

    Raises:
        NotFound: no reader of that name.
        WrongState: the reader has not left.
    """
    hand_over.come_back(settings, reader, by)
    return {"reader": reader, "assigned": _assign(settings)}


def request_third(settings: Settings, token: str, by: str) -> dict[str, Any]:
    """Puts a study before a third reader, who is blind; as `third.request_third` says.

    Returns:
        `{"study", "reader"}`: the reader's name, which is for administrators alone.
    """
    assign_all(settings)
    name = third.request_third(settings, token, by)
    _announce(settings)
    return {"study": token, "reader": name}


def _begun(settings: Settings, reader: str) -> Collection[int]:
    """Tasks that hold something of the reader's; Label Studio is asked only where it could matter."""
    return open_project(settings, reader).begun() if hand_over.unread_tasks(settings, reader) else ()


def _assign(settings: Settings) -> int:
    assigned = assign_all(settings)
    if assigned:
        _announce(settings)
    return assigned


def _announce(settings: Settings) -> None:
    """Has it published at once; without a broker, reconciliation will find it later."""
    with suppress(ServiceError):
        dispatch(settings, "publish")
