"""How alembic reaches the database: on the connection that `store.schema` hands it, in one transaction."""

from typing import Any, Literal

from alembic import context

from backend.store.tables import Base, UtcTime


def _plain_type(kind: str, item: Any, _context: object) -> str | Literal[False]:
    """Migrations outlive the code, so they name no type of ours."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcTime) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    render_item=_plain_type,
    compare_type=True,
)
context.run_migrations()
