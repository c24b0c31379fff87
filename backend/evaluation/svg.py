"""A chart as inline SVG for a page that needs nothing else."""

from markupsafe import Markup, escape

from backend.evaluation.charts import Chart, Dot, Line, Mark, Role, Text

COLOURS: dict[Role, str] = {
    "axis": "#5b6678",
    "grid": "#e4e8ef",
    "ideal": "#9aa4b5",
    "model": "#0b6bcb",
    "reader": "#2a8a4a",
    "reference": "#d1570a",
    "limit": "#7fb0e3",
    "label": "#1c2330",
    "tick": "#5b6678",
}
WIDTHS: dict[Role, float] = {"model": 2, "reader": 2, "limit": 1.6, "ideal": 1}
DASHED: tuple[Role, ...] = ("ideal",)
RADIUS = 3.5
FONT_SIZE: dict[Role, float] = {"label": 12, "tick": 10.5}


def to_svg(chart: Chart) -> Markup:
    """The chart alone; its description is the text for those who cannot see it."""
    # dots last, so that no line hides one
    marks = Markup("").join(_mark(mark) for mark in sorted(chart.marks, key=lambda one: isinstance(one, Dot)))
    return Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        f"{chart.width:g}", f"{chart.height:g}", f"{chart.title}. {chart.description}", marks
    )


def _mark(mark: Mark) -> Markup:
    if isinstance(mark, Line):
        places = " ".join(f"{x:g},{y:g}" for x, y in mark.places)
        dashes = Markup(' stroke-dasharray="4 4"') if mark.role in DASHED else Markup("")
        return Markup('<polyline points="{}" fill="none" stroke="{}" stroke-width="{}"{}/>').format(
            places, COLOURS[mark.role], f"{WIDTHS.get(mark.role, 1):g}", dashes
        )
    x, y = (f"{value:g}" for value in mark.place)
    if isinstance(mark, Dot):
        title = Markup("<title>{}</title>").format(mark.words) if mark.words else Markup("")
        return Markup('<circle cx="{}" cy="{}" r="{}" fill="{}">{}</circle>').format(
            x, y, RADIUS, COLOURS[mark.role], title
        )
    return _text(mark, x, y)


def _text(mark: Text, x: str, y: str) -> Markup:
    turn = Markup(' transform="rotate(-90 {} {})"').format(x, y) if mark.upright else Markup("")
    return Markup('<text x="{}" y="{}" text-anchor="{}" fill="{}" font-size="{}"{}>{}</text>').format(
        x, y, mark.anchor, COLOURS[mark.role], f"{FONT_SIZE.get(mark.role, 11):g}", turn, escape(mark.words)
    )
