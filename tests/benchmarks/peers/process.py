"""The peers' process: their own Python, started as a program, asked over its standard input."""

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from converters.regions import Mask
from tests.benchmarks.peers.inside.wire import packed, unpacked

ROOT = Path(__file__).parents[3]
PYTHON = ROOT / ".venv-peers" / "bin" / "python"
WORKER = Path(__file__).parent / "inside" / "worker.py"


class Peers:
    """The running process; use it as a context manager."""

    def __enter__(self) -> "Peers":
        if not PYTHON.exists():
            raise SystemExit("the programs to compare with are not installed: scripts/set-up peers")
        self._home = tempfile.TemporaryDirectory()
        self._complaints = (Path(self._home.name) / "stderr").open("w+", encoding="utf-8")
        environment = os.environ | {"HOME": self._home.name, "QT_QPA_PLATFORM": "offscreen"}
        self._process = subprocess.Popen(
            [PYTHON, WORKER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            text=True,
            env=environment,
            cwd=self._home.name,
        )
        self.versions: dict[str, str] = self.ask("versions")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()
        self._complaints.close()
        self._home.cleanup()

    def ask(self, call: str, **given: object) -> Any:
        """One answer of `inside/worker.py`."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"call": call, "with": given}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            self._complaints.seek(0)
            raise SystemExit(f"the peers' process ended:\n{self._complaints.read()}")
        said = json.loads(line)
        if "error" in said:
            raise SystemExit(f"{call}: {said['error']}")
        return said["answer"]

    def outlines(self, tool: str, labelme_file: Path, export_file: Path) -> list[Mask]:
        """A mask per outline of the files, or what the tool makes of them."""
        answer = self.ask(f"outlines.{tool}", labelme_file=str(labelme_file), export_file=str(export_file))
        return [unpacked(mask) for mask in answer]

    def again(self, tool: str, masks: list[Mask]) -> list[Mask]:
        """Each mask after the way through the tool's own form."""
        return [unpacked(mask) for mask in self.ask(f"masks.{tool}", masks=[packed(mask) for mask in masks])]
