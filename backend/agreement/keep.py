"""Measures once what readings say of each other, of the reference and of the model's outlines, and keeps it."""

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from itertools import islice
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from backend.agreement.measure import Measures
from backend.agreement.missing import missing
from backend.agreement.parallel import each
from backend.agreement.pieces import AgainstReference, Pair, Piece, measured
from backend.agreement.rows import ImageRow, image_rows
from backend.settings import Settings
from backend.store.audit import record
from backend.store.blobs import blobs_of
from backend.store.session import open_session
from backend.store.tables import Comparison, ReadingScore, now

AUTHOR = "scintiloop"
FEW = 200
"""Pieces that a page measures while it is waited for, in about a second."""
KEPT_AT_ONCE = 500
"""Rows of one transaction: what was measured before an interruption stays."""


def keep_comparisons(settings: Settings, image_ids: Collection[int]) -> None:
    """Keeps what is not measured yet of these images, in this process; again changes nothing."""
    _measure(settings, *_missing(settings, image_ids), processes=1)


def keep_all(
    settings: Settings, *, processes: int | None = None, advance: Callable[[int, int], None] | None = None
) -> int:
    """The same for all images; returns how many pieces were measured.

    Args:
        processes: one for each core where None.
        advance: called with (done, of all).
    """
    return _measure(settings, *_missing(settings, None), processes=processes, advance=advance)


def keep_few(settings: Settings, image_ids: Collection[int] | None = None) -> int:
    """Measures what is missing, if a page can wait for it; returns how many pieces are still missing.

    Readings are measured when they are settled, so little is ever missing but after an upgrade or under new rules.
    """
    rows, pieces = _missing(settings, image_ids)
    if len(pieces) > FEW:
        return len(pieces)
    _measure(settings, rows, pieces, processes=1)
    return 0


def _missing(settings: Settings, image_ids: Collection[int] | None) -> tuple[list[ImageRow], list[Piece]]:
    with open_session(settings) as session:
        rows = image_rows(session, image_ids)
        return rows, missing(session, rows, settings.agreement_rules.version, image_ids)


def _measure(
    settings: Settings,
    rows: Iterable[ImageRow],
    pieces: Sequence[Piece],
    *,
    processes: int | None,
    advance: Callable[[int, int], None] | None = None,
) -> int:
    rules = settings.agreement_rules
    _audit(settings, rows, pieces)
    made = zip(pieces, each(partial(measured, blobs_of(settings), rules), pieces, processes), strict=True)
    done = 0
    while batch := list(islice(made, KEPT_AT_ONCE)):
        with open_session(settings) as session:
            _write(session, rules.version, batch)
        done += len(batch)
        if advance:
            advance(done, len(pieces))
    return done


def _audit(settings: Settings, rows: Iterable[ImageRow], pieces: Iterable[Piece]) -> None:
    """Every read of a sequestered reference is written down first."""
    read = {piece.reading_id for piece in pieces if isinstance(piece, AgainstReference)}
    hidden = {row.patient for row in rows if row.sequestered and any(one.id in read for one in row.readings)}
    if hidden:
        with open_session(settings) as session:
            record(session, AUTHOR, "sequestered references read", purpose="agreement", patients=sorted(hidden))


def _write(session: Session, rules: str, batch: Iterable[tuple[Piece, Measures]]) -> None:
    comparisons, scores = [], []
    for piece, measures in batch:
        common = {"rules": rules, "measures": measures, "created": now()}
        if isinstance(piece, Pair):
            a, b = piece.readings
            comparisons.append(common | {"image_id": piece.image_id, "reading_a": a, "reading_b": b})
        else:
            scores.append(common | {"reading_id": piece.reading_id, "against": piece.against})
    _add_new(session, Comparison, comparisons)
    _add_new(session, ReadingScore, scores)


def _add_new(session: Session, table: type[Comparison | ReadingScore], rows: list[dict[str, Any]]) -> None:
    """Another process may have measured the same meanwhile; its row stays."""
    if rows:
        dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
        session.execute(dialect.insert(table).on_conflict_do_nothing(), rows)
