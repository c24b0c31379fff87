"""Every service of docker-compose.yml runs by its very command, on real PostgreSQL and Valkey, and is found healthy."""

import json
import socket
import ssl
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from sqlalchemy import create_engine, inspect

pytestmark = [pytest.mark.services, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def browse(department: Any) -> Callable[[str, str], tuple[int, dict[str, str], str]]:
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


def test_every_service_runs_and_its_health_check_passes(department):
    for name, one in department.services.items():
        if "healthcheck" in one:
            assert department.running[name].is_running(), name
            assert department.check(name).returncode == 0, name


def test_a_health_check_fails_where_nobody_answers(department):
    for name in ("web", "ml-backend", "label-studio", "broker", "proxy"):
        assert department.elsewhere().check(name).returncode != 0, name


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
