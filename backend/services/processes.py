"""One detached process: started with a log and a pid file, recognised by pid and birth, ended with its children."""

import json
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

SAME_BIRTH_SECONDS = 2.0
GRACE_SECONDS = 20.0
POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Slot:
    """Where one service keeps its pid file and its log."""

    name: str
    folder: Path

    @property
    def pid_file(self) -> Path:
        return self.folder / "run" / f"{self.name}.json"

    @property
    def log(self) -> Path:
        return self.folder / "logs" / f"{self.name}.log"

    def process(self) -> psutil.Process | None:
        """The running process that this slot started, never another that got its number since."""
        try:
            noted = json.loads(self.pid_file.read_text())
            process = psutil.Process(noted["pid"])
            same = abs(process.create_time() - noted["born"]) < SAME_BIRTH_SECONDS
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except (OSError, ValueError, KeyError, TypeError, psutil.Error):
            return None

    @property
    def was_started(self) -> bool:
        return self.pid_file.exists()

    def start(self, command: Sequence[str], environment: Mapping[str, str]) -> psutil.Process:
        """Starts `command` in a session of its own, its output appended to the log."""
        for path in (self.pid_file, self.log):
            path.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            child = subprocess.Popen(
                command,
                env=dict(environment),
                cwd=self.pid_file.parent,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        process = psutil.Process(child.pid)
        partial = self.pid_file.with_suffix(f".{os.getpid()}")
        partial.write_text(json.dumps({"pid": child.pid, "born": process.create_time()}))
        partial.replace(self.pid_file)
        return process

    def forget(self) -> None:
        self.pid_file.unlink(missing_ok=True)


def end(slots: Sequence[Slot]) -> None:
    """Ends the slots' processes at once: asked first, killed with what is left of their children after the grace."""
    families: list[psutil.Process] = []
    heads: list[psutil.Process] = []
    for slot in slots:
        if head := slot.process():
            heads.append(head)
            with suppress(psutil.Error):
                families += head.children(recursive=True)
    for head in heads:
        with suppress(psutil.Error):
            head.terminate()
    for process in [*_await(heads), *families]:
        with suppress(psutil.Error):
            process.kill()
    _await([*heads, *families])
    for slot in slots:
        slot.forget()


def _await(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Waits for their end; returns those that go on after the grace. What its parent has not buried yet has ended."""
    deadline = time.monotonic() + GRACE_SECONDS
    while processes and time.monotonic() < deadline:
        _, left = psutil.wait_procs(processes, timeout=POLL_SECONDS)
        processes = [process for process in left if not _is_zombie(process)]
    return processes


def _is_zombie(process: psutil.Process) -> bool:
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False
