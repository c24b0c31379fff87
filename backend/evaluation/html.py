"""The report as one page that needs nothing else: style and pictures are inside."""

import base64
from collections.abc import Callable

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from backend.evaluation.scores import Json


def to_html(report: Json, picture: Callable[[str], bytes]) -> str:
    """One self-contained page; pictures are PNG data URIs.

    Args:
        picture: the PNG of a worst case, by its SHA-256.
    """
    environment = Environment(
        loader=PackageLoader("backend.evaluation"), autoescape=select_autoescape(["html"]), undefined=StrictUndefined
    )
    worst = [
        {
            "study": one["study"],
            "projection": one["projection"],
            "verdict": _verdict(one),
            "picture": "data:image/png;base64," + base64.b64encode(picture(one["picture"])).decode(),
        }
        for one in report["worst"]
        if one["picture"]
    ]
    return environment.get_template("report.html").render(report=report, worst=worst)


def _verdict(one: Json) -> str:
    if one["reference_pixels"]:
        return f"Dice {one['dice'] or 0:.3f}"
    return f"no lesion in the reference, {one['lesion_pixels']} pixels outlined"
