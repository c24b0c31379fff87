"""What many tests share: a home of their own, and the real fixture files where they exist."""

from pathlib import Path

import pytest

from backend.settings import Settings, load_settings
from backend.store.session import engine_for
from backend.store.tables import Base

SHARED_FIXTURES = Path(__file__).parents[2] / "shared" / "fixtures"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of an empty home with an empty database."""
    chosen = load_settings(home=tmp_path / "home")
    Base.metadata.create_all(engine_for(chosen.database))
    return chosen


@pytest.fixture(scope="session")
def shared_fixtures() -> Path:
    """Real files that may not be copied into the project."""
    if not SHARED_FIXTURES.is_dir():
        pytest.skip("the shared fixture files are not beside this checkout")
    return SHARED_FIXTURES
