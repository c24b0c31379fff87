"""Hidden repeats come back under names of their own; by these alone a reading is known for one."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.errors import ReadingError
from backend.labelstudio.layout import token_in
from backend.store.tables import Assignment


def is_repeat(session: Session, reader_id: int, names: Iterable[str], source: str) -> bool:
    """Whether the reader drew on pictures of a hidden repeat.

    Args:
        names: of the pictures, as the file or message gives them.

    Raises:
        ReadingError: they are pictures of another reader's worklist.
    """
    tokens = {token for name in names if (token := token_in(name))}
    owners = set(session.scalars(select(Assignment.reader_id).where(Assignment.token.in_(tokens)))) if tokens else set()
    if owners - {reader_id}:
        raise ReadingError(
            "drawn on a picture of another reader's worklist; name the reader whose it is", source=source
        )
    return bool(owners)
