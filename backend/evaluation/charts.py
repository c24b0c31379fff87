"""Charts as plain marks on a canvas, so that a page and a PDF draw the same; no colours here, only roles."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Place = tuple[float, float]
"""(x, y) on the canvas, y downwards."""
Role = Literal["axis", "grid", "ideal", "model", "reader", "reference", "limit", "label", "tick"]
Anchor = Literal["start", "middle", "end"]

WIDTH, HEIGHT = 340.0, 290.0
LEFT, RIGHT, TOP, BOTTOM = 52.0, 12.0, 12.0, 46.0


@dataclass(frozen=True)
class Line:
    places: tuple[Place, ...]
    role: Role


@dataclass(frozen=True)
class Dot:
    """`words` are said when it is pointed at."""

    place: Place
    role: Role
    words: str = ""


@dataclass(frozen=True)
class Text:
    place: Place
    words: str
    role: Role = "tick"
    anchor: Anchor = "middle"
    upright: bool = False
    """Turned a quarter to the left."""


Mark = Line | Dot | Text


@dataclass(frozen=True)
class Chart:
    """`title` stands above, `description` below and is what somebody hears who cannot see it."""

    title: str
    description: str
    marks: tuple[Mark, ...]
    width: float = WIDTH
    height: float = HEIGHT


@dataclass(frozen=True)
class Scale:
    """From values to places along one axis; `ticks` are (value, words)."""

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    logarithmic: bool = False

    def share(self, value: float) -> float:
        """0 at the low end, 1 at the high end; values beyond are put at the end."""
        inside = min(max(value, self.low), self.high)
        if self.logarithmic:
            return math.log(inside / self.low) / math.log(self.high / self.low)
        return (inside - self.low) / (self.high - self.low)


UNIT = Scale(0, 1, tuple((tick / 5, f"{tick / 5:.1f}") for tick in range(6)))


def scale_around(values: Sequence[float], *, zero: bool = False) -> Scale:
    """A scale with round ticks that holds the values, and 0 where asked."""
    known = [*values, 0.0] if zero or not values else list(values)
    low, high = min(known), max(known)
    step = _round_step((high - low or abs(high) or 1.0) / 4)
    first, last = math.floor(low / step), math.ceil(high / step)
    digits = max(0, -math.floor(math.log10(step)))
    last = last if last > first else first + 1
    ticks = tuple((at * step, f"{at * step:.{digits}f}") for at in range(first, last + 1))
    return Scale(first * step, last * step, ticks)


def _round_step(least: float) -> float:
    power = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least * 0.999)


@dataclass(frozen=True)
class Frame:
    """Two scales on the canvas."""

    x: Scale
    y: Scale
    width: float = WIDTH
    height: float = HEIGHT

    def at(self, x: float, y: float) -> Place:
        across, down = self.x.share(x), 1 - self.y.share(y)
        return (
            round(LEFT + across * (self.width - LEFT - RIGHT), 2),
            round(TOP + down * (self.height - TOP - BOTTOM), 2),
        )

    def line(self, points: Sequence[tuple[float, float]], role: Role) -> Line:
        return Line(tuple(self.at(x, y) for x, y in points), role)

    def axes(self, x_title: str, y_title: str) -> list[Mark]:
        """Grid, ticks and titles."""
        marks: list[Mark] = []
        bottom, left = self.height - BOTTOM, LEFT
        for value, words in self.x.ticks:
            across, _ = self.at(value, self.y.low)
            marks += [Line(((across, TOP), (across, bottom)), "grid"), Text((across, bottom + 14), words)]
        for value, words in self.y.ticks:
            _, down = self.at(self.x.low, value)
            marks += [
                Line(((left, down), (self.width - RIGHT, down)), "grid"),
                Text((left - 6, down + 3.5), words, anchor="end"),
            ]
        marks.append(Line(((left, TOP), (left, bottom), (self.width - RIGHT, bottom)), "axis"))
        middle = ((left + self.width - RIGHT) / 2, (TOP + bottom) / 2)
        marks.append(Text((middle[0], self.height - 12), x_title, "label"))
        marks.append(Text((14, middle[1]), y_title, "label", upright=True))
        return marks


def stairs(points: Sequence[tuple[float, float]], start: tuple[float, float]) -> list[tuple[float, float]]:
    """The points joined by horizontal and vertical steps, across first."""
    path = [start]
    for x, y in points:
        path += [(x, path[-1][1]), (x, y)]
    return path
