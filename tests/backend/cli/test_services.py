"""`scintiloop up` says what stands in its way before it makes anything."""

import socket

from click.testing import CliRunner

from backend.cli.main import main
from backend.settings import load_settings
from backend.store.accounts import verify


def test_a_taken_port_is_said_before_a_home_is_made(tmp_path, monkeypatch):
    home = tmp_path / "home"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        monkeypatch.setenv("SCINTILOOP_HOME", str(home))
        monkeypatch.setenv("SCINTILOOP_WEB_PORT", port)
        result = CliRunner().invoke(main, ["up"])
    [sentence] = result.stderr.strip().splitlines()
    assert (result.exit_code, home.exists()) == (1, False)
    assert f"port {port} for web is taken by" in sentence


def test_a_reset_prints_a_new_password_once_and_the_first_one_opens_nothing_more(shell):
    shell.json("set-up", "database")
    first = {one["role"]: one for one in shell.json("accounts")["accounts"]}["physician"]
    given = shell.json("accounts", "reset", first["email"].upper())
    assert (given["where"], given["email"]) == ("web", first["email"])
    settings = load_settings(home=shell.home)
    assert verify(settings, first["email"], given["password"])
    assert verify(settings, first["email"], first["password"]) is None
    assert [one["role"] for one in shell.json("accounts")["accounts"]] == ["administrator", "engineer"]
    assert "has no account" in shell.json("accounts", "reset", "nobody@x.example", status=1)["error"]
