"""A database password that is kept in a file of its own."""

from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from backend.errors import SettingsError
from backend.settings import Settings, load_settings

SERVER = "postgresql+psycopg://scintiloop@database:5432/scintiloop"


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    file = tmp_path / "password"
    file.write_text("p@ss/word: 100 %\n")
    return file


def _with(file: Path | None, url: str | None = SERVER) -> Settings:
    return load_settings(database_url=url, database_password_file=file)


def test_the_password_goes_into_the_address_as_it_is(password_file: Path) -> None:
    address = make_url(_with(password_file).database)
    assert (address.username, address.password) == ("scintiloop", "p@ss/word: 100 %")
    assert (address.host, address.port, address.database) == ("database", 5432, "scintiloop")


def test_without_a_file_the_address_stays_as_it_is() -> None:
    assert _with(None).database == SERVER


def test_no_password_is_shown_with_the_settings(password_file: Path) -> None:
    assert "p@ss" not in repr(_with(password_file))


@pytest.mark.parametrize("url", ["postgresql+psycopg://database/scintiloop", "postgresql+psycopg://a:b@database/x"])
def test_an_address_without_user_or_with_a_password_is_refused(password_file: Path, url: str) -> None:
    with pytest.raises(SettingsError, match="a user and no password"):
        _ = _with(password_file, url).database


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="absent cannot be read"):
        _ = _with(tmp_path / "absent").database


def test_accounts_are_kept_apart_from_secrets_where_asked_for(tmp_path: Path) -> None:
    assert load_settings(home=tmp_path).accounts == tmp_path / "secrets"
    assert load_settings(home=tmp_path, accounts_dir=tmp_path / "accounts").accounts == tmp_path / "accounts"
