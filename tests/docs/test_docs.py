"""The pages for people stay true: what they name exists, and what they tell to type works."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import click
import pytest
from click.testing import CliRunner

from backend.cli.main import COMMANDS, main
from backend.labelstudio.config import label_config
from backend.settings import Settings
from backend.web.app import create_app
from converters.command import parser
from converters.labelme import EXCLUSIONS
from ml_backend.app import create_app as create_ml_backend

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
TOP = ("backend/", "converters/", "ml_backend/", "tests/", "docs/", "scripts/", ".ci/")

LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
SETTING = re.compile(r"SCINTILOOP_[A-Z_]+[A-Z]")
ROUTE = re.compile(r"`(?:(GET|POST) )?(/[a-z_]*(?:/[\w<>.-]+)*)`")
NOT_SETTINGS = {"SCINTILOOP_TESTS_SKIP_NOTHING"}
PLACES = re.compile(r"`(?:/(?:tmp|srv|run|etc|var|usr|home|data|opt|mnt)\b|(?:[A-Z]+ )?/(?:api/ml|projects)/)[^`]*`")
"""Folders of a machine and routes of Label Studio's own, which look like routes of ours."""


def _text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def _name(page: object) -> str:
    return str(page.relative_to(ROOT)) if isinstance(page, Path) else str(page)


def _anchor(heading: str) -> str:
    kept = re.sub(r"[^\w\- ]", "", heading.lower())
    return kept.strip().replace(" ", "-")


def _typed(text: str) -> Iterator[str]:
    """Every command line of a page: lines of shell blocks, and `scintiloop …` in running text."""
    without_blocks = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    for block in BLOCK.findall(text):
        yield from (line for line in block.splitlines() if line.strip() and not line.startswith("#"))
    yield from CODE.findall(without_blocks)


def _commands() -> list[tuple[Path, str]]:
    found = [(page, line.split(" # ")[0].strip()) for page in PAGES for line in _typed(_text(page))]
    return [(page, line) for page, line in found if line.startswith("scintiloop ") or line == "scintiloop"]


def _command(words: list[str]) -> tuple[click.Command, list[str]]:
    """The subcommand that the words name, and the words after it."""
    command: click.Command = main
    context = click.Context(main)
    while words and isinstance(command, click.Group) and re.fullmatch(r"[a-z][a-z-]*", words[0]):
        below = command.get_command(context, words[0])
        assert below is not None, f"there is no `{words[0]}` in {command.name}"
        command, words = below, words[1:]
    return command, words


def _options(command: click.Command, name: str) -> set[str]:
    if name == "convert":
        return {"--help", "-h", *re.findall(r"--[a-z-]+", _convert_help())}
    known = {option for parameter in command.params for option in parameter.opts}
    return known | {"--help", "-h"}


def _convert_help() -> str:
    return parser().format_help()


@pytest.mark.parametrize(("page", "line"), _commands(), ids=_name)
def test_a_command_that_a_page_names_exists_with_its_options(page: Path, line: str) -> None:
    words = shlex.split(re.sub(r"[\[\]]", " ", line.split("|", maxsplit=1)[0]))[1:]
    if words and words[0] in ("COMMAND", "…"):
        return
    if words and words[0].startswith("--"):
        assert words[0] in _options(main, "") | {"--version"}
        return
    command, rest = _command(words)
    for word in rest:
        if word.startswith("-"):
            assert word in _options(command, command.name or ""), f"{line!r} has no option {word}"


def test_every_subcommand_is_in_the_table_of_commands() -> None:
    text = _text(ROOT / "docs" / "files.md")
    for name in COMMANDS:
        assert f"`scintiloop {name}" in text, f"docs/files.md does not explain `scintiloop {name}`"


def test_make_targets_that_pages_name_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", _text(ROOT / "Makefile"), re.MULTILINE))
    for page in PAGES:
        for line in _typed(_text(page)):
            if named := re.match(r"(?:\w+=\S+ )*make ([a-z-]+)", line):
                assert named[1] in targets, f"{_name(page)} names `make {named[1]}`"


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_a_setting_that_a_page_names_exists(page: Path) -> None:
    known = {f"SCINTILOOP_{name.upper()}" for name in Settings.model_fields} | NOT_SETTINGS
    assert set(SETTING.findall(_text(page))) <= known


def test_every_setting_stands_in_the_administrators_table_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `(SCINTILOOP_\w+)` \| (.+?) \|", _text(ROOT / "docs/administrators.md"), re.MULTILINE))
    assert set(rows) == {f"SCINTILOOP_{name.upper()}" for name in Settings.model_fields}
    for name, field in Settings.model_fields.items():
        if isinstance(field.default, bool | int | float | tuple):
            stated = rows[f"SCINTILOOP_{name.upper()}"].strip("`")
            default = list(field.default) if isinstance(field.default, tuple) else field.default
            assert json.loads(stated) == default, f"the default of {name} is {default}, not {stated}"


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_and_pictures_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(_text(page)):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, anchor = unquote(target).partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), f"{_name(page)} links to {target}"
        if anchor:
            assert anchor in {_anchor(heading) for heading in HEADING.findall(_text(there))}, f"{target} has no place"


def test_every_picture_is_shown_somewhere() -> None:
    shown = {(page.parent / target).resolve() for page in PAGES for target in LINK.findall(_text(page))}
    assert {path.resolve() for path in (ROOT / "docs/pictures").iterdir()} <= shown


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_a_file_of_the_project_that_a_page_names_exists(page: Path) -> None:
    for named in CODE.findall(_text(page)):
        path = named.split(" ")[0]
        if path.startswith(TOP) and not re.search(r"[<*…]", path):
            assert (ROOT / path).exists() or any(ROOT.glob(f"{path}*")), f"{_name(page)} names {path}"


def test_a_route_that_a_page_names_exists(settings: Settings) -> None:
    apps = (create_app(settings), create_ml_backend(settings))
    known = {
        (method, re.sub(r"<\w+:(\w+)>", r"<\1>", rule.rule))
        for app in apps
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
    }
    for page in PAGES:
        for method, route in ROUTE.findall(PLACES.sub("", _text(page))):
            assert (method or "GET", route) in known or (not method and ("POST", route) in known), (
                f"{_name(page)} names {method} {route}"
            )


def test_the_keys_and_exclusions_that_readers_are_told_are_those_of_the_labelling_page() -> None:
    text, config = _text(ROOT / "docs/readers.md"), label_config()
    for key, projection, label in re.findall(r"^\| (\d) \| (\w+), (\w+) \|", text, re.MULTILINE):
        control = config.split(f'name="{label}_label"')[1]
        assert f'value="{projection}"' in control.split(f'hotkey="{key}"')[0].split("<Label ")[-1]
    assert all(f"`{reason}`" in text for reason in EXCLUSIONS)


def test_the_decisions_are_numbered_without_gaps_and_all_listed() -> None:
    files = sorted((ROOT / "docs/decisions").glob("*.md"))
    assert [int(file.name[:4]) for file in files] == list(range(1, len(files) + 1))
    listed = _text(files[0])
    assert all(f"({file.name})" in listed for file in files[1:])


def test_the_example_without_services_runs_as_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    block = next(block for block in BLOCK.findall(_text(ROOT / "docs/files.md")) if block.startswith("# tested\n"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SCINTILOOP_HOME", str(tmp_path / "home"))
    for line in block.splitlines()[1:]:
        ended = CliRunner().invoke(main, shlex.split(line)[1:], catch_exceptions=False)
        assert ended.exit_code == 0, f"{line}: {ended.output}"
    assert len(list((tmp_path / "masks").glob("*.certificate.json"))) == 4
