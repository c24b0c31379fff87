"""The Dockerfile copies what exists, from stages that exist, and the wheel it installs holds every file of ours."""

import re
import shutil
import subprocess
import sys
import zipfile

import pytest


@pytest.fixture(scope="module")
def instructions(root):
    """`(instruction, rest)` in order, continued lines joined."""
    text = re.sub(r"\\\n", " ", (root / "Dockerfile").read_text(encoding="utf-8"))
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [tuple(line.split(None, 1)) for line in lines]


def _stages(instructions):
    """Stage → its instructions."""
    stages = {}
    for instruction, rest in instructions:
        if instruction == "FROM":
            _, _, name = rest.split()
            stages[name] = []
        stages[name].append((instruction, rest))
    return stages


def test_stages_stand_on_a_pinned_image_or_on_each_other(instructions):
    known = set()
    for instruction, rest in instructions:
        if instruction == "FROM":
            base, _, name = rest.split()
            assert base in known or re.fullmatch(r"python:3\.11\.\d+-slim-\w+", base)
            known.add(name)


def test_what_is_copied_exists_here_and_is_let_through(instructions, root):
    allowed = {line[1:] for line in (root / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    stages = _stages(instructions)
    for instruction, rest in instructions:
        if instruction == "COPY":
            *sources, _ = rest.split()
            if sources[0].startswith("--from="):
                assert sources[0].removeprefix("--from=") in stages
            else:
                assert all((root / source).exists() for source in sources)
                assert all(source.split("/")[0] in allowed for source in sources)


def test_the_images_that_compose_builds_are_stages_that_end_without_root(instructions, services):
    stages = _stages(instructions)
    targets = {one["build"]["target"] for one in services.values() if one.get("build")}
    assert targets == {"scintiloop", "label-studio"}
    for target in targets:
        users = [rest for instruction, rest in stages[target] if instruction == "USER"]
        assert users == [
            next(one["user"] for one in services.values() if (one.get("build") or {}).get("target") == target)
        ]
        assert not [rest for instruction, rest in stages[target] if instruction == "RUN"]


def test_folders_made_for_volumes_are_not_left_out(instructions):
    made = " ".join(rest for instruction, rest in instructions if instruction == "RUN")
    assert "chown -R scintiloop:scintiloop scintiloop" in made


def test_every_file_of_the_packages_is_in_the_wheel(root, tmp_path):
    listed = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True, cwd=root).stdout.split(
        "\n"
    )
    ours = [name for name in listed if name.split("/")[0] in {"backend", "converters", "ml_backend"}]
    for name in [*ours, "pyproject.toml", "README.md", "LICENSE", "NOTICE"]:
        (tmp_path / "source" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / name, tmp_path / "source" / name)
    build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index", "--quiet"]
    subprocess.run([*build, "--wheel-dir", tmp_path, tmp_path / "source"], check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    assert set(ours) <= set(zipfile.ZipFile(wheel).namelist())
