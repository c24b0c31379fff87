"""What `scintiloop demo` refuses, in one sentence and before anything is changed."""

import json
import socket
from collections import namedtuple
from contextlib import ExitStack

import pytest
from click.testing import CliRunner

from backend.cli.main import main
from backend.services import checks
from backend.services.machine import down, status, up
from backend.settings import load_settings

PORTS = ("web", "ml_backend", "label_studio")


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home that is not there yet, and ports that are free."""
    monkeypatch.setenv("SCINTILOOP_HOME", str(tmp_path / "home"))
    with ExitStack() as stack:
        probes = {name: stack.enter_context(socket.socket()) for name in PORTS}
        for name, probe in probes.items():
            probe.bind(("127.0.0.1", 0))
            monkeypatch.setenv(f"SCINTILOOP_{name.upper()}_PORT", str(probe.getsockname()[1]))
    return tmp_path / "home"


def _demo(*arguments):
    """Exit status and last words of the command."""
    result = CliRunner().invoke(main, ["demo", *arguments])
    return result.exit_code, result.stderr.strip().splitlines()


def _contents(folder):
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_taken_port_is_said_before_anything_is_made(home, monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setenv("SCINTILOOP_WEB_PORT", str(port))
        code, [sentence] = _demo()
    assert (code, home.exists()) == (1, False)
    assert f"port {port} for web is taken by" in sentence
    assert "SCINTILOOP_WEB_PORT" in sentence


def test_a_full_disk_is_said_before_anything_is_made(home, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(checks.shutil, "disk_usage", lambda _: usage(10**12, 10**12, 5_000_000))
    code, [sentence] = _demo()
    assert (code, home.exists()) == (1, False)
    assert "only 5 MB are free" in sentence


def test_a_missing_label_studio_is_said_before_anything_is_made(home, monkeypatch):
    monkeypatch.setenv("SCINTILOOP_LABEL_STUDIO_PYTHON", str(home / "nowhere"))
    code, [sentence] = _demo()
    assert (code, home.exists()) == (1, False)
    assert "SCINTILOOP_LABEL_STUDIO_PYTHON" in sentence


def test_too_few_studies_are_said_before_anything_is_made(home):
    code, [sentence] = _demo("--studies", "5")
    assert (code, home.exists()) == (1, False)
    assert "--studies 5 is too few" in sentence


def test_a_home_with_other_data_stays_as_it_is(home):
    (home / "secrets").mkdir(parents=True)
    (home / "secrets" / "test_key").write_text("somebody's")
    before = _contents(home)
    code, [sentence] = _demo()
    assert (code, _contents(home)) == (1, before)
    assert f"{home} holds data that are no demo" in sentence


def test_the_refusal_is_also_told_as_json(home):
    result = CliRunner().invoke(main, ["demo", "--studies", "5", "--json"])
    assert "too few" in json.loads(result.stdout)["error"]


@pytest.mark.services
def test_services_of_a_home_with_other_data_go_on(home):
    """They are somebody's: the refusal must not stop what the command did not start."""
    settings = load_settings()
    try:
        running = up(settings, only=["broker"])
        assert _demo()[0] == 1
        assert status(settings) == running
    finally:
        down(settings)
