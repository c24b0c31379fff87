"""Log-in through an identity provider: a real one, small, over HTTP."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from flask.testing import FlaskClient
from joserfc.jwk import RSAKey
from sqlalchemy import select

from backend.errors import SettingsError
from backend.settings import Settings
from backend.store import account_changes as changes
from backend.store import accounts
from backend.store.session import open_session
from backend.store.tables import Account, AuditEntry
from backend.web.app import create_app
from tests.backend.web.identity_provider import CLIENT, SECRET, IdentityProvider, serving

ENGINEER = "engineer@scintiloop.local"


@pytest.fixture
def provider() -> Iterator[IdentityProvider]:
    with serving() as provider:
        yield provider


@pytest.fixture
def chosen(settings: Settings, provider: IdentityProvider, passwords: dict[str, Any], tmp_path: Any) -> Settings:
    """Settings with the provider, and the first accounts."""
    (tmp_path / "secret").write_text(f"{SECRET}\n", encoding="utf-8")
    oidc = {
        "oidc_issuer": provider.issuer,
        "oidc_client_id": CLIENT,
        "oidc_client_secret_file": tmp_path / "secret",
    }
    return settings.model_copy(update=oidc)


@pytest.fixture
def client(chosen: Settings) -> FlaskClient:
    return create_app(chosen).test_client()


def go(client: FlaskClient, change: Callable[[str], str] = lambda address: address) -> Any:
    """The browser's way: to the provider, and back to where it sends it, `change`d."""
    leave = client.get("/oidc/start")
    back = requests.get(leave.headers["Location"], allow_redirects=False, timeout=10).headers["Location"]
    return client.get(change(back).removeprefix("http://localhost"))


def is_in(client: FlaskClient) -> bool:
    return client.get("/password").status_code == 200


def test_whoever_has_an_account_gets_in_and_back_to_the_page_asked_for(client: FlaskClient) -> None:
    client.get("/runs")
    assert "Log in through 127.0.0.1" in client.get("/login").text
    answer = go(client)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/runs")
    assert client.get("/runs").status_code == 200


def test_the_request_carries_state_nonce_and_a_challenge(client: FlaskClient, provider: IdentityProvider) -> None:
    go(client)
    assert provider.asked["code_challenge_method"] == "S256"
    assert min(len(provider.asked[name]) for name in ("state", "nonce", "code_challenge")) >= 20
    assert provider.asked["redirect_uri"] == "http://localhost/oidc/callback"


def test_after_the_first_log_in_the_account_is_found_by_its_subject_alone(
    client: FlaskClient, chosen: Settings, provider: IdentityProvider
) -> None:
    go(client)
    provider.person = {"sub": "u-1", "email": "married@hospital.example", "email_verified": True}
    other = create_app(chosen).test_client()
    assert go(other).status_code == 302
    assert ENGINEER in other.get("/password").text
    provider.person = {"sub": "u-2", "email": ENGINEER, "email_verified": True}
    assert go(create_app(chosen).test_client()).status_code == 403, "the address was given to somebody else"
    with open_session(chosen) as session:
        assert session.scalars(select(Account.subject).where(Account.email == ENGINEER)).one() == (
            f"{provider.issuer} u-1"
        )
        noted = [(row.who, row.action) for row in session.scalars(select(AuditEntry))]
    assert noted.count((ENGINEER, "identity noted")) == 1
    assert noted.count((ENGINEER, "logged in")) == 2


@pytest.mark.parametrize(
    ("person", "words"),
    [
        ({"sub": "u-9", "email": "stranger@hospital.example", "email_verified": True}, "ask an administrator"),
        ({"sub": "u-9", "email": ENGINEER, "email_verified": False}, "ask an administrator"),
        ({"sub": "u-9", "email": ENGINEER, "email_verified": "true"}, "ask an administrator"),
        ({"sub": "u-9", "email": ENGINEER}, "ask an administrator"),
        ({"sub": "u-9"}, "ask an administrator"),
    ],
    ids=["no account", "address not verified", "verified in words", "nothing said of verified", "no address"],
)
def test_nobody_else_gets_in(client: FlaskClient, provider: IdentityProvider, person: Any, words: str) -> None:
    provider.person = person
    answer = go(client)
    assert answer.status_code == 403
    assert words in answer.text
    assert not is_in(client)


def test_a_closed_account_stays_closed(client: FlaskClient, chosen: Settings) -> None:
    go(client)
    changes.close_account(chosen, changes.account_id_of(chosen, ENGINEER), by="administrator")
    assert not is_in(client)
    assert go(client).status_code == 403


@pytest.mark.parametrize(
    "changed",
    [
        {"nonce": "of another log-in"},
        {"nonce": None},
        {"aud": "another client"},
        {"aud": None},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"iss": "https://elsewhere.example"},
        {"iss": None},
        {"exp": 1_600_000_000},
        {"exp": None},
        {"nbf": 4_000_000_000},
        {"sub": None},
    ],
    ids=str,
)
def test_a_token_that_does_not_hold_opens_nothing(
    client: FlaskClient, provider: IdentityProvider, changed: Any
) -> None:
    provider.changed = changed
    answer = go(client)
    assert answer.status_code == 400
    assert "cannot be trusted" in answer.text
    assert not is_in(client)


def test_a_token_signed_by_another_or_by_nobody_opens_nothing(client: FlaskClient, provider: IdentityProvider) -> None:
    provider.signed_by = RSAKey.generate_key(2048, {"kid": "1"})
    assert go(client).status_code == 400
    provider.unsigned = True
    assert go(client).status_code == 400
    assert not is_in(client)


def test_a_provider_that_changes_its_key_is_believed_again(client: FlaskClient, provider: IdentityProvider) -> None:
    assert go(client).status_code == 302
    provider.key = RSAKey.generate_key(2048, {"kid": "2", "use": "sig", "alg": "RS256"})
    client.post("/logout")
    assert go(client).status_code == 302


@pytest.mark.parametrize(
    "change",
    [
        lambda back: back.replace("state=", "state=x"),
        lambda back: back.split("&")[0],
        lambda back: back.replace("code=", "code=x"),
        lambda _: "/oidc/callback",
        lambda _: "/oidc/callback?error=access_denied&error_description=<b>no</b>",
    ],
    ids=["another state", "no state", "a made-up code", "nothing", "the provider refused"],
)
def test_a_way_back_that_nobody_asked_for_opens_nothing(client: FlaskClient, change: Callable[[str], str]) -> None:
    answer = go(client, change)
    assert answer.status_code in (400, 503)
    assert "<b>no" not in answer.text
    assert not is_in(client)


def test_a_way_back_works_once(client: FlaskClient) -> None:
    leave = client.get("/oidc/start")
    back = requests.get(leave.headers["Location"], allow_redirects=False, timeout=10).headers["Location"]
    assert client.get(back).status_code == 302
    client.post("/logout", data={"form_token": client.get("/password").text.split('form_token" value="')[1][:32]})
    assert client.get(back).status_code == 400


def test_an_address_that_only_the_user_info_tells_is_taken_from_there(
    client: FlaskClient, provider: IdentityProvider
) -> None:
    provider.person = {"sub": "u-1"}
    provider.userinfo = {"sub": "u-2", "email": ENGINEER, "email_verified": True}
    assert go(client).status_code == 400, "it is about somebody else"
    provider.userinfo["sub"] = "u-1"
    assert go(client).status_code == 302


def test_a_provider_that_is_away_is_said_so(chosen: Settings) -> None:
    away = chosen.model_copy(update={"oidc_issuer": "http://127.0.0.1:9"})
    answer = create_app(away).test_client().get("/oidc/start")
    assert answer.status_code == 503
    assert "does not answer" in answer.text


def test_without_a_provider_there_is_no_button_and_no_address(settings: Settings) -> None:
    client = create_app(settings).test_client()
    assert "Log in through" not in client.get("/login").text
    assert client.get("/oidc/start").status_code == 404


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"oidc_client_id": None}, "oidc_client_id must be set"),
        ({"oidc_client_secret_file": None}, "oidc_client_secret_file must be set"),
        ({"oidc_issuer": None}, "oidc_issuer must be set"),
        ({"oidc_issuer": "http://identity.hospital.example"}, "is not https"),
        ({"oidc_client_secret_file": Path("/nowhere")}, "cannot be read"),
    ],
    ids=["no name", "no secret", "no issuer", "not https", "no such file"],
)
def test_settings_that_are_half_set_are_refused_at_the_start(chosen: Settings, wrong: Any, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        create_app(chosen.model_copy(update=wrong))


def test_an_account_without_a_password_gets_in_through_the_provider_only(chosen: Settings, client: FlaskClient) -> None:
    with open_session(chosen) as session:
        session.scalars(select(Account).where(Account.email == ENGINEER)).one().password_hash = None
    assert accounts.verify(chosen, ENGINEER, "") is None
    assert go(client).status_code == 302
