"""A chart on the canvas of a PDF."""

from reportlab.graphics.shapes import Circle, Drawing, Group, PolyLine, Shape, String
from reportlab.lib import colors

from backend.evaluation.charts import WIDTH, Chart, Dot, Line, Mark, Text
from backend.evaluation.pdf_text import FONT, with_fonts
from backend.evaluation.svg import COLOURS, DASHED, FONT_SIZE, RADIUS, WIDTHS

SCALE = 0.68
"""Points of paper for a unit of the chart."""


def drawing(chart: Chart) -> Drawing:
    """The chart as wide as a third of the page, however wide it is."""
    with_fonts()
    scale = SCALE * WIDTH / chart.width
    picture = Drawing(chart.width * scale, chart.height * scale)
    group = Group(transform=(scale, 0, 0, scale, 0, 0))
    for mark in sorted(chart.marks, key=lambda one: isinstance(one, Dot)):
        group.add(_shape(mark, chart.height))
    picture.add(group)
    return picture


def _shape(mark: Mark, height: float) -> Shape:
    """y runs upwards on paper."""
    colour = colors.HexColor(COLOURS[mark.role])
    if isinstance(mark, Line):
        places = [value for x, y in mark.places for value in (x, height - y)]
        dashes = [4, 4] if mark.role in DASHED else None
        return PolyLine(places, strokeColor=colour, strokeWidth=WIDTHS.get(mark.role, 1), strokeDashArray=dashes)
    x, y = mark.place
    if isinstance(mark, Dot):
        return Circle(x, height - y, RADIUS, fillColor=colour, strokeColor=None)
    return _text(mark, height, colour)


def _text(mark: Text, height: float, colour: colors.Color) -> Shape:
    x, y = mark.place
    size = FONT_SIZE.get(mark.role, 11)
    words = String(0, 0, mark.words, fontName=FONT, fontSize=size, fillColor=colour, textAnchor=mark.anchor)
    turn = (0, 1, -1, 0) if mark.upright else (1, 0, 0, 1)
    return Group(words, transform=(*turn, x, height - y))
