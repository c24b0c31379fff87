"""How figures, times and durations are written on the pages."""

from datetime import datetime
from typing import Any

from flask import Flask

from backend import __version__
from backend.web.words import gettext as _


def teach(app: Flask) -> None:
    """Gives the templates their filters."""
    app.jinja_env.globals["version"] = __version__
    app.jinja_env.filters.update(figure=figure, difference=difference, plain=plain, moment=moment, duration=duration)


def figure(value: dict[str, Any] | None) -> str:
    """`0.71 (0.64–0.78), n = 24`, or a dash where the figure is undefined."""
    if not value or value.get("value") is None:
        return "–"
    return f"{value['value']:.3f}{_interval(value, '.3f')}, {_count(value)}"


def difference(value: dict[str, Any] | None) -> str:
    """As `figure`, with signs."""
    if not value or value.get("value") is None:
        return "–"
    return f"{value['value']:+.3f}{_interval(value, '+.3f')}, {_count(value)}"


def plain(value: float | None) -> str:
    """`0.704`, or a dash where there is none."""
    return "–" if value is None else f"{value:.3f}"


def moment(iso: str | None) -> str:
    """`2026-03-04 15:06 UTC`."""
    return f"{datetime.fromisoformat(iso):%Y-%m-%d %H:%M} UTC" if iso else "–"


def duration(seconds: float | None) -> str:
    """`1 h 05 min`, `3 min 20 s` or `12 s`."""
    if seconds is None:
        return "–"
    minutes, rest = divmod(round(seconds), 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def _count(value: dict[str, Any]) -> str:
    """With spaces that no line breaks at."""
    return f"n\u00a0=\u00a0{value['n']}"


def _interval(value: dict[str, Any], form: str) -> str:
    if value.get("low") is None or value.get("high") is None:
        return ""
    ends = {name: format(value[name], form) for name in ("low", "high")}
    return " (" + _("%(low)s to %(high)s", **ends) + ")"
