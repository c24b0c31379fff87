"""`scripts/set-up` in a copy of its own: what it says, what it leaves alone, and when it does nothing."""

import hashlib
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
LOCKS = {".venv": "requirements.lock", ".venv-label-studio": "requirements-label-studio.lock"}
PEERS = {".venv-peers": "requirements-peers.lock"}
MONAI = {".venv-monai": "requirements-monai.lock"}
TOOLS = ("awk", "bash", "cat", "chmod", "cp", "dirname", "env", "grep", "id", "mkdir", "mktemp", "rm")

OLD_PYTHON = """\
[ "$1" != --version ] || { echo "Python 3.9.2"; exit 0; }
exit 1
"""
PRETENDING_PYTHON = f"""\
echo "$*" >> "$CALLS"
case "$*" in
    --version) echo "Python 3.11.2" ;;
    "-m venv "*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python" ;;
    "-m pip install"*) exit "${{INSTALLATION:-0}}" ;;
    *hashlib*) exec "{sys.executable}" "$@" ;;
esac
"""
"""Does what a Python with a network would do, and notes how it was called."""
ROOMY_DISK = "printf 'Filesystem blocks used free\\n/dev/x 9 9 99614720 1%% /\\n'"
"""95 GiB free, whatever the machine that runs the tests has."""
PYTHON_WITHOUT_QT = PRETENDING_PYTHON.replace("*hashlib*)", "*QApplication*) exit 134 ;;\n    *hashlib*)")


@pytest.fixture
def checkout(tmp_path):
    """The script and the lock files, and a folder of programs that is all the script finds."""
    folder, bin_ = tmp_path / "checkout", tmp_path / "bin"
    (folder / "scripts").mkdir(parents=True)
    bin_.mkdir()
    shutil.copy(CHECKOUT / "scripts" / "set-up", folder / "scripts")
    for lock in (LOCKS | PEERS | MONAI).values():
        shutil.copy(CHECKOUT / lock, folder)
    for tool in TOOLS:
        (bin_ / tool).symlink_to(shutil.which(tool))
    (bin_ / "df").write_text(f"#!{shutil.which('sh')}\n{ROOMY_DISK}\n")
    (bin_ / "df").chmod(0o755)
    (tmp_path / "scratch").mkdir()
    return folder


@pytest.fixture
def program(tmp_path):
    """`program(name, body)` puts a shell script where set-up finds its programs."""

    def put(name, body):
        place = tmp_path / "bin" / name
        place.unlink(missing_ok=True)
        place.write_text(f"#!{shutil.which('sh')}\n{body}\n")
        place.chmod(0o755)

    return put


@pytest.fixture
def set_up(tmp_path, checkout):
    """Runs the script; variables may be given as keywords."""

    def run(*arguments, **variables):
        environment = {
            "PATH": str(tmp_path / "bin"),
            "TMPDIR": str(tmp_path / "scratch"),
            "HOME": str(tmp_path),
            "CALLS": str(tmp_path / "calls"),
        }
        command = [str(checkout / "scripts" / "set-up"), *arguments]
        return subprocess.run(command, env=environment | variables, capture_output=True, text=True, check=False)

    return run


def _refused(done, checkout):
    """The one sentence of a script that stopped and left nothing behind."""
    [sentence] = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (1, "")
    assert sorted(path.name for path in checkout.iterdir()) == sorted(["scripts", *(LOCKS | PEERS | MONAI).values()])
    assert not any((checkout.parent / "scratch").iterdir())
    return sentence


@pytest.mark.parametrize("names", [["python3.11", "python3.12", "python3"], ["python3"]], ids=["all old", "one old"])
def test_a_wrong_python_is_one_sentence(checkout, set_up, program, names):
    for name in names:
        program(name, OLD_PYTHON)
    sentence = _refused(set_up(), checkout)
    assert "Python 3.11 or 3.12 is needed and Python 3.9.2 was found" in sentence


def test_no_python_at_all_is_one_sentence(checkout, set_up):
    assert "and no Python was found" in _refused(set_up(), checkout)


def test_a_taken_port_is_one_sentence_before_a_demo_is_installed(checkout, set_up):
    (checkout / "backend").symlink_to(CHECKOUT / "backend")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = set_up("demo", PYTHON=sys.executable, SCINTILOOP_WEB_PORT=port)
    (checkout / "backend").unlink()
    sentence = _refused(done, checkout)
    assert f"port {port} cannot be used" in sentence
    assert "set SCINTILOOP_WEB_PORT to another" in sentence


def test_a_full_disk_is_one_sentence(checkout, set_up, program):
    program("python3.11", PRETENDING_PYTHON)
    program("df", "printf 'Filesystem blocks used free\\n/dev/x 9 9 2097152 100%% /\\n'")
    sentence = _refused(set_up(), checkout)
    assert "has 2 GiB free" in sentence


def test_no_network_is_one_sentence(checkout, set_up):
    nowhere = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_NO_CACHE_DIR": "1"}
    sentence = _refused(set_up(PYTHON=sys.executable, **nowhere), checkout)
    assert "package index cannot be reached" in sentence


def test_a_python_without_venv_is_one_sentence_where_packages_cannot_be_installed(checkout, set_up, program):
    program("python3.11", 'case "$*" in *ensurepip*) exit 1 ;; esac')
    program("id", "echo 1000")
    program("apt-get", "exit 100")
    assert "no venv module" in _refused(set_up(), checkout)


def test_the_first_time_makes_both_environments_and_the_second_does_nothing(tmp_path, checkout, set_up, program):
    program("python3.11", PRETENDING_PYTHON)
    first = set_up()
    assert (first.returncode, first.stderr) == (0, "")
    assert [line.split(" into ")[1].split()[0] for line in first.stdout.splitlines()] == list(LOCKS)
    (tmp_path / "calls").unlink()
    second = set_up()
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    assert "-m " not in (tmp_path / "calls").read_text()


def test_environments_that_match_their_lock_files_are_left_alone(checkout, set_up, program):
    program("python3.11", PRETENDING_PYTHON)
    for folder, lock in LOCKS.items():
        python = checkout / folder / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.write_text("#!/bin/sh\nexit 1\n")
        python.chmod(0o755)
        content = (checkout / lock).read_bytes() + b"Python 3.11.2\n"
        (checkout / folder / ".lock-sha256").write_text(hashlib.sha256(content).hexdigest())
    done = set_up()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("wanted", ["test", "peers"])
def test_the_programs_to_compare_with_are_installed_for_tests_and_benchmarks_only(checkout, set_up, program, wanted):
    program("python3.11", PRETENDING_PYTHON)
    assert set_up("demo").returncode == 0
    assert not (checkout / ".venv-peers").exists()
    [line] = [line for line in set_up(wanted).stdout.splitlines() if " into " in line]
    assert "into .venv-peers from requirements-peers.lock" in line
    assert " into " not in set_up(wanted).stdout


def test_monai_is_installed_for_benchmarks_only(checkout, set_up, program):
    program("python3.11", PRETENDING_PYTHON)
    set_up("test")
    assert not (checkout / ".venv-monai").exists()
    [line] = [line for line in set_up("bench").stdout.splitlines() if " into " in line]
    assert "into .venv-monai from requirements-monai.lock" in line
    assert " into " not in set_up("bench").stdout


@pytest.mark.parametrize(("folder", "lock"), LOCKS.items())
def test_a_changed_lock_file_renews_its_environment_only(checkout, set_up, program, folder, lock):
    program("python3.11", PRETENDING_PYTHON)
    set_up()
    with (checkout / lock).open("a") as text:
        text.write("# another version\n")
    [line] = set_up().stdout.splitlines()
    assert f"into {folder} from {lock}" in line


def test_an_installation_that_failed_is_done_again(checkout, set_up, program):
    program("python3.11", PRETENDING_PYTHON)
    failed = set_up(INSTALLATION="1")
    assert failed.returncode == 1
    assert "installing Scintiloop failed" in failed.stderr
    assert [line.split()[2] for line in set_up().stdout.splitlines()] == ["Scintiloop", "Label"]


ROOT = {"a user who may not": "echo 1000", "root without a network": "echo 0"}


@pytest.mark.parametrize("identity", ROOT.values(), ids=ROOT.keys())
def test_programs_that_cannot_be_installed_are_named_with_what_is_skipped(set_up, program, identity):
    program("python3.11", PRETENDING_PYTHON)
    program("id", identity)
    program("apt-get", "exit 100")
    done = set_up("test")
    assert done.returncode == 0
    assert "Chromium is missing: the browser tests are skipped" in done.stdout
    assert "docker-compose is missing" in done.stdout


@pytest.mark.parametrize("identity", ROOT.values(), ids=ROOT.keys())
def test_a_labelme_that_does_not_start_is_named_with_the_packages_it_needs(set_up, program, checkout, identity):
    program("python3.11", PYTHON_WITHOUT_QT)
    program("id", identity)
    program("apt-get", "exit 100")
    assert set_up("peers").stdout.count("Labelme does not start") == 0
    (checkout / ".venv-peers/lib/python3.11/site-packages/labelme").mkdir(parents=True)
    done = set_up("peers")
    assert done.returncode == 0
    assert "Labelme does not start" in done.stdout.splitlines()[-1]
    assert "libgl1" in done.stdout.splitlines()[-1]


def test_a_user_without_rights_never_calls_the_package_manager(tmp_path, set_up, program):
    program("python3.11", PRETENDING_PYTHON)
    program("id", "echo 1000")
    program("apt-get", f"touch {tmp_path / 'called'}")
    assert set_up("test").returncode == 0
    assert not (tmp_path / "called").exists()
