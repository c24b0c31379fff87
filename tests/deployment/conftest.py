"""docker-compose.yml as docker-compose itself resolves it, and the secret files that it names."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PROFILES = ("gpu", "cpu")

Resolve = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def compose() -> list[str]:
    """docker's compose plugin or docker-compose, whichever is installed."""
    plugin = ["docker", "compose"]
    if (
        shutil.which("docker")
        and subprocess.run([*plugin, "version"], check=False, capture_output=True).returncode == 0
    ):
        return plugin
    if shutil.which("docker-compose") is None:
        pytest.skip("neither docker-compose nor docker's compose plugin is installed")
    return ["docker-compose"]


@pytest.fixture(scope="session")
def resolve(compose: list[str], tmp_path_factory: pytest.TempPathFactory) -> Resolve:
    """`resolve(*profiles, variables_file=…, **variables)` gives the document that `config` prints; no variable of this
    machine counts."""
    no_variables = tmp_path_factory.mktemp("compose") / "empty.env"
    no_variables.touch()

    def config(*profiles: str, variables_file: Path = no_variables, **variables: str) -> dict[str, Any]:
        flags = [part for profile in profiles for part in ("--profile", profile)]
        files = ["--env-file", str(variables_file), "--project-directory", str(ROOT), "-f", "docker-compose.yml"]
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(no_variables.parent)} | variables
        done = subprocess.run(  # noqa: PLW1510 (compose says why it fails better than the exception)
            [*compose, *files, *flags, "config"], capture_output=True, text=True, env=environment, cwd=ROOT
        )
        assert done.returncode == 0, done.stderr
        document: dict[str, Any] = yaml.safe_load(done.stdout)
        return document

    return config


@pytest.fixture(scope="session")
def services(resolve: Resolve) -> dict[str, dict[str, Any]]:
    """Every service of every profile."""
    found: dict[str, dict[str, Any]] = resolve(*PROFILES)["services"]
    return found


@pytest.fixture(scope="session")
def secret_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder filled by `scripts/make-secrets`."""
    folder = tmp_path_factory.mktemp("secrets") / "made"
    subprocess.run([ROOT / "scripts" / "make-secrets", folder], check=True, capture_output=True)
    return folder
