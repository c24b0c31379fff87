"""`scintiloop up` says what stands in its way before it makes anything."""

import socket

from click.testing import CliRunner

from backend.cli.main import main


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
