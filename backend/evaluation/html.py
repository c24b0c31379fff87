"""The report as one page that needs nothing else: style, charts and pictures are inside."""

import base64
from collections.abc import Callable

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from backend.evaluation.content import MARK, MARKED, count_words, interval_words, value_words
from backend.evaluation.definitions import DEFINITIONS, NAMES
from backend.evaluation.headline import headlines, sentences
from backend.evaluation.scores import Json
from backend.evaluation.sections import sections
from backend.evaluation.svg import to_svg
from backend.evaluation.worst import verdict_words

Pictures = Callable[[str], bytes]
"""The PNG of a worst case, by its SHA-256."""


def to_html(report: Json, picture: Pictures) -> str:
    """One self-contained page, for a screen of any width and for paper.

    Args:
        report: as `build_report` made it; with `gate` where it stands beside a champion.
    """
    environment = Environment(
        loader=PackageLoader("backend.evaluation"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"value": value_words, "interval": interval_words, "count": count_words, "svg": to_svg}
    worst = [
        one | {"verdict": verdict_words(one), "source": _data_uri(picture(one["picture"]))}
        for one in report["worst"]
        if one["picture"]
    ]
    parts = tuple(sections(report))
    told = {sentence for section in parts for _, sentence in section.definitions()}
    return environment.get_template("report.html").render(
        report=report,
        headlines=headlines(report),
        sentences=sentences(report),
        sections=parts,
        worst=worst,
        definitions=DEFINITIONS,
        untold=[(NAMES.get(key, key), sentence) for key, sentence in DEFINITIONS.items() if sentence not in told],
        mark=MARK,
        marked=MARKED,
    )


def _data_uri(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode()
