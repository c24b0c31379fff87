"""How long a log-in lasts, and that it is a new session each time."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import session

from backend.settings import Settings
from backend.web.app import create_app


def test_a_log_in_lasts_as_long_as_the_settings_say_and_each_use_prolongs_it(
    settings: Settings, passwords: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(settings.model_copy(update={"session_hours": 2}))
    client = app.test_client()
    token = client.get("/login").text.split('name="form_token" value="')[1].split('"')[0]
    account = passwords["engineer"]
    client.post("/login", data={"email": account["email"], "password": account["password"], "form_token": token})
    signer = app.session_interface.get_signing_serializer(app)
    assert signer
    clock = {"shift": 0.0}
    make = type(signer.make_signer(signer.salt))
    real = make.get_timestamp
    monkeypatch.setattr(make, "get_timestamp", lambda own: int(real(own) + clock["shift"]))
    for hours in (1.5, 3.0, 4.5):
        clock["shift"] = hours * 3600
        assert client.get("/password").status_code == 200, "used within two hours"
    clock["shift"] = 7 * 3600
    assert client.get("/password").headers["Location"] == "/login"


def test_a_session_of_before_the_log_in_is_not_carried_into_it(settings: Settings, passwords: dict[str, Any]) -> None:
    account = passwords["engineer"]
    with create_app(settings).test_client() as client:
        token = client.get("/login").text.split('name="form_token" value="')[1].split('"')[0]
        with client.session_transaction() as planted:
            planted["planted"] = "by somebody else"
        client.post("/login", data={"email": account["email"], "password": account["password"], "form_token": token})
        client.get("/password")
        assert "planted" not in session
        assert session["form_token"] != token


@pytest.mark.parametrize(
    "back", ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example", "javascript:alert(1)", ""]
)
def test_the_switch_of_language_leads_to_our_pages_only(log_in: Callable[[str], Any], back: str) -> None:
    reply = log_in("engineer").post("/language", on="/password", language="zh", back=back)
    assert reply.headers["Location"] == "/"
