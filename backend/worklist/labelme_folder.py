"""A folder for a reader who draws in Labelme: images, starting outlines where the exposure allows, reading order."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import select

from backend.errors import NotFound
from backend.records import Prediction
from backend.settings import Settings
from backend.store.blobs import blobs_of
from backend.store.folders import check_new, new_folder
from backend.store.readings import read_images
from backend.store.session import open_session
from backend.store.tables import Assignment, Image, Reader
from backend.worklist.order import shown_token, worklist
from backend.worklist.shown import record_shown
from backend.worklist.task import image_file, window_blob, write_files
from converters.grid import GRID_COLUMNS, GRID_ROWS
from converters.labelme import EXCLUSIONS, READ_FLAG, write_labelme

ORDER_FILE = "worklist.txt"
HIGH_FOLDER = "high"

Suggest = Callable[[int], Prediction | None]
"""Image id → the serving model's outlines, None where no model serves. Asked for assisted cases only."""


@dataclass(frozen=True)
class _Entry:
    """One image still to be read."""

    assignment: Assignment
    image: Image

    @property
    def low(self) -> str:
        return image_file(shown_token(self.assignment), self.image, "low")

    @property
    def high(self) -> str:
        return image_file(shown_token(self.assignment), self.image, "high")


def export(settings: Settings, reader_name: str, directory: Path, suggest: Suggest) -> dict[str, Any]:
    """Writes the reader's unread images, ready for Labelme: the whole folder or nothing.

    Beside every low-window image lies a Labelme file: with the model's outlines in assisted cases (which model is
    remembered, so that what comes back has its exposure), without outlines in blind ones. Its flags let the reader
    say `read` of a case that needs no change, or why it cannot be read. A file that comes back as it left is no
    reading. `worklist.txt` lists the images in reading order; `high` holds the other window, for looking.

    Returns:
        `{"reader", "directory", "images", "assisted"}`, the last two as counts of projections.

    Raises:
        NotFound: no reader of that name.
        Refused: the directory holds something already.
    """
    check_new(directory)
    entries = _unread(settings, reader_name)
    with new_folder(directory) as folder:
        (folder / HIGH_FOLDER).mkdir()
        shown = [_write(settings, folder, entry, suggest) for entry in entries]
        (folder / ORDER_FILE).write_text("".join(f"{entry.low}\n" for entry in entries), encoding="utf-8")
    return {"reader": reader_name, "directory": str(directory), "images": len(entries), "assisted": sum(shown)}


def _unread(settings: Settings, reader_name: str) -> list[_Entry]:
    with open_session(settings) as session:
        reader = session.scalars(select(Reader).where(Reader.name == reader_name)).first()
        if reader is None:
            raise NotFound(f"no reader is called {reader_name!r}; the readers are made by `scintiloop up`")
        assignments = worklist(session, reader, settings.seed)
        images = {image.id for assignment in assignments for image in assignment.study.images}
        done = {repeat: read_images(session, reader.id, images, repeat=repeat) for repeat in (False, True)}
        return [
            _Entry(assignment, image)
            for assignment in assignments
            for image in assignment.study.images
            if image.id not in done[assignment.purpose == "repeat"]
        ]


def _write(settings: Settings, directory: Path, entry: _Entry, suggest: Suggest) -> bool:
    """Writes one image and its Labelme file; says whether a model's outlines lie there."""
    blobs = blobs_of(settings)
    write_files(blobs, [(entry.low, window_blob(entry.image, "low"))], directory)
    write_files(blobs, [(entry.high, window_blob(entry.image, "high"))], directory / HIGH_FOLDER)
    suggestion = suggest(entry.image.id) if entry.assignment.exposure == "assisted" else None
    regions = () if suggestion is None else tuple(replace(region, suggested=True) for region in suggestion.regions)
    # noted before the outlines are there to see, so that no reading made with them can pass for a blind one
    if suggestion is not None and not record_shown(
        settings, {entry.assignment.id: {entry.image.id: regions}}, suggestion.model
    ):
        suggestion, regions = None, ()
    flags = dict.fromkeys((READ_FLAG, *EXCLUSIONS), False)
    document = write_labelme(regions, entry.low, GRID_ROWS, GRID_COLUMNS, flags=flags)
    blobs.put(document)
    (directory / entry.low).with_suffix(".json").write_bytes(document)
    return suggestion is not None
