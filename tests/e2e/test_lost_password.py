"""A reader who lost the password gets a new one for both places, in the real Label Studio."""

import stat
import subprocess
from dataclasses import replace
from types import SimpleNamespace

import pytest

from backend.errors import ServiceError
from backend.labelstudio.accounts import ReaderAccount, accounts, accounts_file
from backend.labelstudio.client import connect
from backend.services import lost_passwords
from backend.services.environment import SITE, label_studio_environment, label_studio_python
from backend.services.label_studio import ensure_accounts, reset_reader, standing_accounts
from backend.services.site import make_reader_accounts
from backend.store.accounts import verify
from backend.store.session import engine_for, open_session
from backend.store.tables import AuditEntry, Base, Reader

pytestmark = pytest.mark.services
NAME = "a forgetful reader"


@pytest.fixture(scope="module")
def settings(reading_room, room_settings, tmp_path_factory):
    """The room with one more reader, who has a page in a database of its own; the file of accounts is put back."""
    file = accounts_file(room_settings)
    before = file.read_bytes()
    place = tmp_path_factory.mktemp("pages") / "pages.db"
    chosen = room_settings.model_copy(update={"database_url": f"sqlite:///{place}"})
    Base.metadata.create_all(engine_for(chosen.database))
    account = ensure_accounts(chosen, [NAME])[NAME]
    with open_session(chosen) as session:
        session.add(Reader(name=NAME, number=account.number, label_studio_user=account.user))
    make_reader_accounts(chosen, [account])
    yield chosen
    file.write_bytes(before)


@pytest.fixture
def enter(settings, session_of):
    """Logs an account in to Label Studio."""
    return lambda account: session_of(SimpleNamespace(settings=settings, account=account))


def _account(settings) -> ReaderAccount:
    return accounts(settings)[NAME]


def _knows(session) -> bool:
    return session.get("/api/current-user/whoami").status_code == 200


def test_the_new_password_opens_both_places_and_the_old_one_neither(settings, enter):
    old = _account(settings)
    at_work = enter(old)
    assert _knows(at_work)
    given = lost_passwords.reset(settings, old.email.upper(), by="administrator")
    assert (given["email"], given["places"], given["hint"]) == (old.email, ["web", "label_studio"], None)

    assert _knows(enter(replace(old, password=given["password"])))
    assert verify(settings, old.email, given["password"])
    with pytest.raises(AssertionError, match="could not log in"):
        enter(old)
    assert verify(settings, old.email, old.password) is None
    assert not _knows(at_work)


def test_the_new_password_stands_in_the_secret_file_and_nothing_else_there_changes(settings):
    old, others = _account(settings), accounts(settings)
    new = replace(old, password=reset_reader(settings, old.email))
    assert new.password != old.password
    assert accounts(settings) == others | {NAME: new}
    assert new in standing_accounts(settings)
    assert stat.S_IMODE(accounts_file(settings).stat().st_mode) == 0o600


def test_scintiloop_still_acts_for_the_reader(settings):
    account = _account(settings)
    for token in (account.reader_token, account.service_token):
        assert list(connect(settings, token).projects.list()) == []


def test_the_audit_trail_tells_both_without_the_password(settings):
    given = lost_passwords.reset(settings, _account(settings).email, by="administrator")
    with open_session(settings) as session:
        entries = [(one.who, one.action, one.detail) for one in session.query(AuditEntry).order_by(AuditEntry.id)]
    assert entries[-2:] == [
        ("administrator", "password reset", {"account": given["email"], "where": "label_studio"}),
        ("administrator", "password reset", {"account": given["email"]}),
    ]


REFUSED = {
    "unknown": "nobody@x.example",
    "the service account's": "service-1@scintiloop.local",
    "a reader's name": NAME,
    "empty": "",
}


@pytest.mark.parametrize("email", REFUSED.values(), ids=REFUSED)
def test_an_address_that_is_no_readers_is_refused_and_nothing_changes(settings, email):
    before = accounts_file(settings).read_bytes()
    with pytest.raises(ServiceError, match=f"{email} is no reader's address; the readers' are reader-1@"):
        reset_reader(settings, email)
    assert accounts_file(settings).read_bytes() == before


def test_the_command_of_the_manual_prints_the_log_in(settings):
    """As an administrator types it where Label Studio runs in a container of its own."""
    words = [label_studio_python(settings), SITE / "scintiloop_accounts.py", "reset", accounts_file(settings)]
    done = subprocess.run(
        [*words, _account(settings).email],
        env=label_studio_environment(settings),
        capture_output=True,
        text=True,
        check=True,
    )
    assert _account(settings).password in done.stdout
    assert _account(settings).reader_token not in done.stdout
