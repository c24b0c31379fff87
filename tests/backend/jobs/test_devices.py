"""One device never trains two runs, whichever process started them."""

import subprocess
import sys
from pathlib import Path

import pytest

from backend.errors import ServiceError
from backend.jobs import devices
from backend.settings import Settings

HOLD = """
import sys, time
from backend.jobs.devices import held
from backend.settings import load_settings
with held(load_settings(home=sys.argv[1]), sys.argv[2:]) as mine:
    print(mine, flush=True)
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Locks of GPUs lie in a folder of the test's own."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


def holder(home: Path, *names: str) -> "subprocess.Popen[str]":
    environment = {"TMPDIR": str(home.parent), "PYTHONPATH": str(Path(devices.__file__).parents[2])}
    command = [sys.executable, "-c", HOLD, str(home), *names]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    assert process.stdout.readline() == "True\n"
    return process


def test_a_device_is_free_again_as_soon_as_its_training_was_killed(settings: Settings) -> None:
    assert devices.free(settings, ["cpu-1"])
    process = holder(settings.home, "cpu-1")
    assert not devices.free(settings, ["cpu-1"])
    process.kill()
    process.wait()
    assert devices.free(settings, ["cpu-1"])


def test_a_gpu_is_taken_for_every_home_and_the_processor_for_its_own(settings: Settings, tmp_path: Path) -> None:
    process = holder(tmp_path / "another home", "gpu-a", "cpu-1")
    assert not devices.free(settings, ["gpu-a"])
    assert not devices.free(settings, ["gpu-b", "gpu-a"]), "one of two is taken"
    assert devices.free(settings, ["gpu-b"])
    assert devices.free(settings, ["cpu-1"])
    process.kill()
    process.wait()


def test_asking_holds_nothing(settings: Settings) -> None:
    with devices.held(settings, ["gpu-a", "gpu-b"]) as mine:
        assert mine
        assert not devices.free(settings, ["gpu-b"])
    for _ in range(2):
        assert devices.free(settings, ["gpu-a", "gpu-b"])


def test_this_machine_has_a_device(settings: Settings) -> None:
    assert devices.devices_here() == devices.devices_here()
    assert all(name.startswith(("gpu-", "cpu-")) for name in devices.devices_here())


def test_a_folder_of_locks_that_others_may_write_into_is_refused(settings: Settings) -> None:
    with devices.held(settings, ["gpu-a"]):
        pass
    [folder] = Path(devices.tempfile.gettempdir()).glob("scintiloop-*-devices")
    folder.chmod(0o777)
    with pytest.raises(ServiceError, match="open to others"):
        devices.free(settings, ["gpu-a"])
