"""docker-compose.yml says what a department server needs, names only what exists, and opens one door."""

import json
import re
import shlex
import sys
from importlib.util import find_spec
from pathlib import Path

import jsonschema
import pytest
import yaml

from backend.services.catalogue import catalogue
from backend.services.environment import LABEL_STUDIO
from backend.settings import Settings, load_settings

ONE_SHOT = {"set-up-database", "set-up-label-studio", "set-up-reading-room"}
THIRD_PARTY = {"database", "broker", "proxy"}
COMPOSE_SCHEMA = Path("compose/config/compose_spec.json")
SAME_COMMAND = {
    "worker": "worker",
    "worker-gpu": "worker_gpu",
    "worker-cpu": "worker_gpu",
    "scheduler": "scheduler",
    "web": "web",
    "ml-backend": "ml_backend",
    "label-studio": "label_studio",
}
"""Service of the file → service that `up` starts."""
DIFFERS_BY_PLACE = {"--bind", "--internal-host", "--port", "--schedule"}


@pytest.fixture(scope="module")
def written(root):
    """The file itself: anchors merged, variables as they are."""
    return yaml.safe_load((root / "docker-compose.yml").read_text(encoding="utf-8"))


def _mounts(service):
    """`(source, target, mode)` of each volume."""
    for mount in service.get("volumes", []):
        if isinstance(mount, str):
            source, target, *mode = mount.split(":")
            yield source, target, (mode or ["rw"])[0]
        else:
            yield mount["source"], mount["target"], "ro" if mount.get("read_only") else "rw"


def _secrets(service):
    return {one if isinstance(one, str) else one["source"] for one in service.get("secrets", [])}


def test_it_conforms_to_the_compose_specification(written):
    places = [*map(Path, sys.path), Path("/usr/lib/python3/dist-packages")]
    schema = next((place / COMPOSE_SCHEMA for place in places if (place / COMPOSE_SCHEMA).is_file()), None)
    if schema is None:
        pytest.skip("no installed docker-compose brings the compose specification's schema")
    jsonschema.Draft201909Validator(json.loads(schema.read_text())).validate(written)


@pytest.mark.parametrize("profiles", [(), ("gpu",), ("cpu",)], ids=["no trainer", "gpu", "cpu"])
def test_a_trainer_runs_only_where_its_profile_is_chosen(resolve, services, profiles):
    chosen = set(resolve(*profiles)["services"]) if profiles else set(resolve()["services"])
    trainers = {f"worker-{profile}" for profile in profiles}
    never_without_profile = {name for name, one in services.items() if not one.get("profiles")}
    assert never_without_profile <= chosen
    assert trainers <= chosen
    assert {name for name, one in services.items() if one.get("profiles")} == {"worker-gpu", "worker-cpu"}


def test_the_gpu_worker_reserves_an_nvidia_card(written):
    devices = written["services"]["worker-gpu"]["deploy"]["resources"]["reservations"]["devices"]
    assert devices == [{"driver": "nvidia", "count": 1, "capabilities": ["gpu"]}]


def test_nothing_but_the_proxy_is_published(services):
    assert [name for name, one in services.items() if one.get("ports")] == ["proxy"]


def test_only_the_proxy_is_on_a_network_with_a_way_out(written, services):
    outside = {name for name, network in written["networks"].items() if not (network or {}).get("internal")}
    assert [name for name, one in services.items() if outside & set(one["networks"])] == ["proxy"]


def test_every_service_lives_with_few_rights(services):
    for name, one in services.items():
        assert one["read_only"] is True, name
        assert one["cap_drop"] == ["ALL"], name
        assert one["security_opt"] == ["no-new-privileges:true"], name
        assert one["user"].split(":")[0] not in {"root", "0"}, name
        assert not one.get("privileged"), name
    assert {name for name, one in services.items() if one.get("cap_add")} == {"proxy"}


def test_every_image_is_pinned(services):
    for name, one in services.items():
        repository, _, tag = one["image"].partition(":")
        assert tag.count(".") >= 1, f"{name}: {one['image']}"
        assert (one.get("build") is None) == (name in THIRD_PARTY), repository


def test_every_service_that_stays_has_a_health_check_and_every_other_is_waited_for(services):
    for name, one in services.items():
        assert ("healthcheck" in one) != (name in ONE_SHOT), name
    conditions = {
        (needed, wait["condition"]) for one in services.values() for needed, wait in one.get("depends_on", {}).items()
    }
    assert {needed for needed, condition in conditions if condition == "service_completed_successfully"} == ONE_SHOT
    assert {condition for needed, condition in conditions if needed not in ONE_SHOT} == {"service_healthy"}
    assert all(one["restart"] == ("no" if name in ONE_SHOT else "unless-stopped") for name, one in services.items())


def test_every_setting_named_is_one(services):
    known = {f"SCINTILOOP_{name.upper()}" for name in Settings.model_fields}
    named = {variable for one in services.values() for variable in one.get("environment", {})}
    assert {variable for variable in named if variable.startswith("SCINTILOOP_")} <= known


def test_the_settings_of_every_service_of_ours_are_accepted(services, monkeypatch):
    for name, one in services.items():
        if name in THIRD_PARTY or "label-studio" in one["image"]:
            continue
        with monkeypatch.context() as patched:
            for variable, value in one["environment"].items():
                patched.setenv(variable, value)
            chosen = load_settings()
        assert chosen.readers == ("reader 1", "reader 2"), name
        assert chosen.https, name


def test_the_readers_names_reach_both_sides(resolve):
    there = resolve("cpu", READERS='["Ada", "Bea"]')["services"]
    assert {there[name]["environment"]["SCINTILOOP_READERS"] for name in ("worker", "label-studio")} == {
        '["Ada", "Bea"]'
    }


def test_label_studio_is_as_quiet_and_closed_as_on_one_machine(services):
    for name in ("label-studio", "set-up-label-studio"):
        assert LABEL_STUDIO.items() <= services[name]["environment"].items()


def test_services_are_started_by_the_same_commands_as_on_one_machine(services, settings):
    on_one_machine = {one.name: one.command() for one in catalogue(settings) if one.command}
    for name, known_as in SAME_COMMAND.items():
        here = _placeless(shlex.split(services[name]["command"]))
        assert here == _placeless(on_one_machine[known_as]), name


def _placeless(command):
    """Program, module and options in any order, without what says where."""
    words = [word for part in command[1:] for word in part.split("=", 1) if word]
    kept = [
        word
        for before, word in zip(["", *words], words, strict=False)
        if before not in DIFFERS_BY_PLACE and word not in DIFFERS_BY_PLACE
    ]
    return sorted(kept)


def test_every_file_named_exists_and_every_volume_is_declared(written, services, root):
    declared = set(written["volumes"])
    for name, one in services.items():
        for source, _, _ in _mounts(one):
            path = Path(source)
            assert source in declared or (root / path.relative_to(root) if path.is_absolute() else path).exists(), name
    used = {source for one in services.values() for source, _, _ in _mounts(one)}
    assert declared <= used


def test_every_folder_of_a_volume_is_made_by_the_dockerfile_for_our_account(services, root):
    dockerfile = (root / "Dockerfile").read_text(encoding="utf-8")
    for name, one in services.items():
        if name in THIRD_PARTY:
            continue
        for source, target, _ in _mounts(one):
            if not source.startswith("/"):
                assert target.removeprefix("/srv/") in dockerfile.split(), (name, target)


def test_every_secret_is_made_by_the_script_and_given_to_someone(written, services, secret_files):
    used = set().union(*(_secrets(one) for one in services.values()))
    assert used == set(written["secrets"]) == {file.name for file in secret_files.iterdir()}
    for name, secret in written["secrets"].items():
        assert secret["file"].endswith(f"/{name}")


def test_every_secret_file_named_in_the_environment_is_given_to_that_service(services):
    for name, one in services.items():
        if "set-up" in name or name == "scheduler":
            continue
        files = {value for value in one.get("environment", {}).values() if value.startswith("/run/secrets/")}
        assert {Path(file).name for file in files} <= _secrets(one), name


@pytest.mark.parametrize(
    ("secret", "holders"),
    [
        ("database_superuser_password", {"database"}),
        ("label_studio_key", {"label-studio", "set-up-label-studio"}),
        ("ml_backend_password", {"ml-backend", "worker", "set-up-reading-room"}),
        ("test_key", {"web", "worker"}),
        ("web_session", {"web"}),
        ("tls_key", {"proxy"}),
    ],
)
def test_a_secret_is_known_to_those_who_need_it(services, secret, holders):
    assert {name for name, one in services.items() if secret in _secrets(one)} == holders


def test_files_as_they_arrived_are_open_to_the_worker_alone(services):
    assert [name for name, one in services.items() if "vault" in {source for source, _, _ in _mounts(one)}] == [
        "worker"
    ]


def test_label_studio_may_only_read_the_images(services):
    modes = {source: mode for source, _, mode in _mounts(services["label-studio"])}
    assert modes["images"] == "ro"


def test_label_studio_and_the_worker_know_the_images_by_one_path(services):
    paths = {target for one in services.values() for source, target, _ in _mounts(one) if source == "images"}
    assert paths == {services["label-studio"]["environment"]["LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT"]}


def test_addresses_name_services_on_a_shared_network(services):
    for name, one in services.items():
        for variable, value in one.get("environment", {}).items():
            host = value.partition("://")[2].rpartition("@")[2].split(":")[0].split("/")[0]
            if host in services and variable in _addresses_used(name):
                assert set(one["networks"]) & set(services[host]["networks"]), (name, variable)


def _addresses_used(name):
    """The addresses among the common settings that this service talks to."""
    broker, database = "SCINTILOOP_BROKER_URL", "SCINTILOOP_DATABASE_URL"
    return {
        "scheduler": {broker},
        "set-up-database": {database},
        "set-up-reading-room": {database, "SCINTILOOP_LABEL_STUDIO_URL", "SCINTILOOP_ML_BACKEND_URL"},
        "worker": {broker, database, "SCINTILOOP_LABEL_STUDIO_URL"},
    }.get(name, {broker, database})


def test_modules_named_in_commands_exist(services):
    for name, one in services.items():
        words = shlex.split(one["command"])
        if name not in THIRD_PARTY and words[:2] == ["python", "-m"] and words[2] != "label_studio.server":
            assert find_spec(words[2]), name


def test_variables_are_explained_in_the_example(root):
    used = set(re.findall(r"\$\{(\w+):?-", (root / "docker-compose.yml").read_text(encoding="utf-8")))
    explained = {
        line.partition("=")[0] for line in (root / "deploy" / "example.env").read_text().splitlines() if "=" in line
    }
    assert used - {"VERSION"} == explained - {"COMPOSE_PROFILES"}


def test_the_example_says_what_holds_without_it(resolve, root):
    assert resolve("cpu", variables_file=root / "deploy" / "example.env") == resolve("cpu")


def test_the_version_is_that_of_the_package(root, services):
    project = (root / "pyproject.toml").read_text(encoding="utf-8")
    assert f'version = "{services["web"]["image"].partition(":")[2]}"' in project
