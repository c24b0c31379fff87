"""Collects what the pages say and brings it into the translations: `scripts/words`."""

import io
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

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

IN_PYTHON = {"_": None, "gettext": None, "ngettext": (1, 2), "say": None, "word": None}
IN_TEMPLATES = {"_": None, "gettext": None, "ngettext": (1, 2)}
TEMPLATE_OPTIONS = {"newstyle_gettext": "true", "trimmed": "true", "silent": "false"}
OF_THE_TERMINAL = ("cli", "services", "phantom")
"""Rooms whose words never reach a page."""


def said() -> Catalog:
    """Every sentence of the pages, with the files that say it."""
    found = Catalog(charset="utf-8")
    for path in sorted(BACKEND.rglob("*.py")):
        if path.relative_to(BACKEND).parts[0] not in OF_THE_TERMINAL:
            _add(found, path, "python", IN_PYTHON, {})
    for path in sorted((BACKEND / "web" / "templates").rglob("*.html")):
        _add(found, path, "jinja2.ext:babel_extract", IN_TEMPLATES, TEMPLATE_OPTIONS)
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


def _add(found: Catalog, path: Path, method: str, keywords: dict[str, tuple[int, int] | None], options: object) -> None:
    for _, message, _comments, context in extract_from_file(method, path, keywords, options=options):  # type: ignore[arg-type]
        found.add(message, locations=[(str(path.relative_to(BACKEND.parent)), 0)], context=context)


def main() -> None:
    PO.write_bytes(written(translated(), said()))
    left = [str(message.id) for message in translated() if message.id and not all(_texts(message.string))]
    print(f"{PO.name}: {len(translated())} sentences, {len(left)} without Chinese", *left, sep="\n  ")  # noqa: T201


def _texts(string: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    return (string,) if isinstance(string, str) else tuple(string or ("",))


if __name__ == "__main__":
    main()
