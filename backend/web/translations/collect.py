"""Collects what the pages say and brings it into the translations: `scripts/words`."""

import ast
import io
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

Message = str | tuple[str, ...]

BACKEND = Path(__file__).parents[2]
PO = Path(__file__).parent / "zh" / "LC_MESSAGES" / "messages.po"
HEADER = """# Simplified Chinese of Scintiloop's pages.
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Language: zh_Hans\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"

"""
"""No dates and no tool's version: the file changes when words do."""

IN_PYTHON = {"_": 1, "gettext": 1, "ngettext": 2, "say": 1, "word": 1}
"""Functions whose first arguments are sentences, and how many."""
IN_TEMPLATES = {"_": None, "gettext": None, "ngettext": (1, 2)}
TEMPLATE_OPTIONS = {"newstyle_gettext": "true", "trimmed": "true", "silent": "false"}
OF_THE_TERMINAL = ("cli", "services", "phantom")
"""Rooms whose words never reach a page."""


def said() -> Catalog:
    """Every sentence of the pages, with the files that say it."""
    found = Catalog(charset="utf-8")
    for path in sorted(BACKEND.rglob("*.py")):
        if path.relative_to(BACKEND).parts[0] not in OF_THE_TERMINAL:
            for message in _in_python(path):
                _add(found, path, message)
    for path in sorted((BACKEND / "web" / "templates").rglob("*.html")):
        for message in _in_template(path):
            _add(found, path, message)
    return found


def translated() -> Catalog:
    """The translations as they stand."""
    with PO.open("rb") as file:
        return read_po(file, locale="zh")


def written(known: Catalog, wanted: Catalog) -> bytes:
    """The translations with the sentences in use, those without Chinese empty, and no others."""
    known.update(wanted, no_fuzzy_matching=True)
    lines = io.BytesIO()
    write_po(lines, known, width=120, omit_header=True, sort_output=True, ignore_obsolete=True, include_lineno=False)
    return HEADER.encode() + lines.getvalue()


def _in_python(path: Path) -> Iterator[Message]:
    for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.func.id not in IN_PYTHON:
            continue
        spoken = call.args[: IN_PYTHON[call.func.id]]
        texts = [one.value for one in spoken if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        if texts and len(texts) == len(spoken):
            yield texts[0] if len(texts) == 1 else tuple(texts)


def _in_template(path: Path) -> Iterator[Message]:
    found = extract_from_file("jinja2.ext:babel_extract", path, IN_TEMPLATES, options=TEMPLATE_OPTIONS)
    yield from (message for _, message, _, _ in found)


def _add(found: Catalog, path: Path, message: Message) -> None:
    found.add(message, locations=[(str(path.relative_to(BACKEND.parent)), 0)])


def main() -> None:
    PO.write_bytes(written(translated(), said()))
    left = [str(message.id) for message in translated() if message.id and not all(_texts(message.string))]
    print(f"{PO.name}: {len(translated())} sentences, {len(left)} without Chinese", *left, sep="\n  ")  # noqa: T201


def _texts(string: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    return (string,) if isinstance(string, str) else tuple(string or ("",))


if __name__ == "__main__":
    main()
