"""What of these images is not measured yet under these rules: pairs of readings, readings and references, edits."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from itertools import combinations
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.agreement.kept import against_reference, against_shown, compared, scored
from backend.agreement.pieces import AgainstReference, AgainstShown, Pair, Piece
from backend.agreement.rows import ImageRow, ReadingRow, parts
from backend.store.tables import Assignment, Reader, ShownOutlines

Shown = tuple[int, str]
"""Outlines that a reader was shown: id, and the blob of their regions."""


def missing(session: Session, rows: Sequence[ImageRow], rules: str, image_ids: Collection[int] | None) -> list[Piece]:
    """What to measure of `rows`, which are these images or, with None, all."""
    pairs, scores = compared(session, rules, image_ids), scored(session, rules, image_ids)
    shown = shown_to(session, rows, image_ids)
    found: list[Piece] = []
    for row in rows:
        found += [pair for pair in _pairs(row) if pair.readings not in pairs]
        found += [piece for piece in _scores(row, shown) if (piece.reading_id, piece.against) not in scores]
    return found


def pairs_of(row: ImageRow) -> Iterator[tuple[ReadingRow, ReadingRow]]:
    """Every two readings of readers who could read the image, and each hidden repeat with its reader's reading."""
    yield from combinations(row.readable, 2)
    yield from repeats_of(row)


def repeats_of(row: ImageRow) -> Iterator[tuple[ReadingRow, ReadingRow]]:
    """Each reader's reading that counts, with the same reader's hidden repeat."""
    first = {reading.number: reading for reading in row.readable}
    for repeat in row.repeats:
        if repeat.exclusion is None and repeat.number in first:
            yield first[repeat.number], repeat


def shown_to(session: Session, rows: Sequence[ImageRow], image_ids: Collection[int] | None) -> dict[int, Shown]:
    """By assisted reading: what its reader was shown last before sealing it."""
    wanted = (
        select(ShownOutlines.image_id, Reader.number, ShownOutlines.at, ShownOutlines.id, ShownOutlines.regions_sha256)
        .join(Assignment, ShownOutlines.assignment_id == Assignment.id)
        .join(Reader, Assignment.reader_id == Reader.id)
        .where(Assignment.purpose != "repeat")
        .order_by(ShownOutlines.at, ShownOutlines.id)
    )
    history: defaultdict[tuple[int, int], list[tuple[datetime, Shown]]] = defaultdict(list)
    for part in parts(wanted, ShownOutlines.image_id, image_ids):
        for image_id, number, at, identifier, sha256 in session.execute(part):
            history[image_id, number].append((at, (identifier, sha256)))
    found: dict[int, Shown] = {}
    for row in rows:
        for reading in row.readable:
            earlier = [one for at, one in history[row.image_id, reading.number] if at <= reading.sealed]
            if earlier and reading.exposure == "assisted":
                found[reading.id] = earlier[-1]
    return found


def _pairs(row: ImageRow) -> Iterator[Pair]:
    for a, b in pairs_of(row):
        hashes = a.regions_sha256, b.regions_sha256
        yield Pair(row.image_id, (a.id, b.id), hashes, row.pixel_mm, row.sub_images)


def _scores(row: ImageRow, shown: dict[int, Shown]) -> Iterator[AgainstReference | AgainstShown]:
    reference = row.reference
    for reading in row.readable:
        if reference is not None and None not in reference.masks[:2]:
            masks = cast(tuple[str, str, str | None], reference.masks)
            name = against_reference(reference.id)
            yield AgainstReference(reading.id, name, reading.regions_sha256, masks, row.pixel_mm)
        if reading.id in shown:
            identifier, sha256 = shown[reading.id]
            yield AgainstShown(reading.id, against_shown(identifier), reading.regions_sha256, sha256)
