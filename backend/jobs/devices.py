"""One training at a time on each device of this machine, whichever worker started it.

The training program holds a lock for each of its devices as long as it lives; the system frees it however it ends.
"""

import os
import platform
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from backend.errors import ServiceError
from backend.settings import Settings
from backend.store.lock import locked

BOOT = Path("/proc/sys/kernel/random/boot_id")
"""The same in every container of one machine, which have host names of their own."""
GPU = "gpu-"


def devices_here() -> tuple[str, ...]:
    """Names of what a training on this machine computes on: every GPU in sight, else the processor. Loads torch."""
    import torch  # noqa: PLC0415 (workers ask for `free`, and must not load it before they fork)

    gpus = [torch.cuda.get_device_properties(number).uuid for number in range(torch.cuda.device_count())]
    return tuple(sorted(f"{GPU}{uuid}" for uuid in gpus)) or (f"cpu-{_machine()}",)


@contextmanager
def held(settings: Settings, devices: Sequence[str]) -> Iterator[bool]:
    """Holds all these devices for the length of the block; False, and none is held, where another training has one.

    Raises:
        ServiceError: another account has put itself in the place of a GPU's lock.
    """
    with ExitStack() as locks:
        yield all(locks.enter_context(locked(path, wait=False)) for path in _paths(settings, devices))


def free(settings: Settings, devices: Sequence[str]) -> bool:
    """Whether `held` would succeed now. Raises as `held`."""
    with held(settings, devices) as mine:
        return mine


def _paths(settings: Settings, devices: Sequence[str]) -> Iterator[Path]:
    """In the home, which workers in containers share; for a GPU, whose memory is its own, for the whole machine too.

    The processor of two homes is shared as any two programs share it.
    """
    for device in devices:
        yield settings.home / "runs" / f"{device}.lock"
        if device.startswith(GPU):
            yield _folder_of_this_machine() / f"{device}.lock"


def _folder_of_this_machine() -> Path:
    folder = Path(tempfile.gettempdir()) / f"scintiloop-{os.getuid()}-devices"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if folder.is_symlink() or found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise ServiceError(f"{folder} belongs to someone else or is open to others; remove it")
    return folder


def _machine() -> str:
    return BOOT.read_text(encoding="ascii")[:8] if BOOT.exists() else platform.node()
