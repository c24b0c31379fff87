"""The report as a PDF: the sections, tables and charts of the page, on A4 across."""

import io
from collections.abc import Iterator
from typing import Any

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Image, KeepTogether, Paragraph, SimpleDocTemplate, Spacer, TableStyle
from reportlab.platypus import Table as Grid

from backend.evaluation.content import (
    MARK,
    MARKED,
    Cell,
    Column,
    Row,
    Section,
    Table,
    count_words,
    interval_words,
    value_words,
)
from backend.evaluation.headline import headlines, sentences
from backend.evaluation.html import Pictures
from backend.evaluation.pdf_drawing import drawing
from backend.evaluation.pdf_text import STYLES, rich, with_fonts
from backend.evaluation.scores import Json
from backend.evaluation.sections import sections
from backend.evaluation.worst import MODEL_COLOUR, REFERENCE_COLOUR, verdict_words

PAGE = landscape(A4)
MARGIN = 12 * mm
INSIDE = PAGE[0] - 2 * MARGIN - 12
"""Width that is left; a frame keeps 6 points on either side."""
NAME_WIDTH = 52 * mm
"""Of the first column of a table."""
CARDS_IN_A_ROW = 4
CHARTS_IN_A_ROW = 3
PICTURE_WIDTH = 38 * mm
LINE = colors.HexColor("#dde2ea")
STRONG = colors.HexColor("#f3f7fc")

Story = Iterator[Flowable]


def to_pdf(report: Json, picture: Pictures) -> bytes:
    """The whole report; equal reports give equal files.

    Args:
        report: as `build_report` made it; with `gate` where it stands beside a champion.
    """
    with_fonts()
    buffer = io.BytesIO()
    document = SimpleDocTemplate(
        buffer,
        pagesize=PAGE,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN,
        title=f"Evaluation of model {report['model']}",
        author="Scintiloop",
        invariant=1,
    )
    document.build(list(_story(report, picture)), onFirstPage=_foot(report), onLaterPages=_foot(report))
    return buffer.getvalue()


def _foot(report: Json) -> Any:
    def draw(canvas: Any, document: Any) -> None:
        canvas.setFont("Vera", 6.5)
        canvas.setFillColor(colors.HexColor("#5b6678"))
        words = f"Model {report['model']} · research software, not a medical device"
        canvas.drawString(MARGIN, 7 * mm, words)
        canvas.drawRightString(PAGE[0] - MARGIN, 7 * mm, f"page {document.page}")

    return draw


def _story(report: Json, picture: Pictures) -> Story:
    yield Paragraph(rich(f"Evaluation of model {report['model']}"), STYLES["h1"])
    for sentence in sentences(report):
        yield Paragraph(rich(sentence), STYLES["note"])
    yield Spacer(0, 3 * mm)
    yield _cards(report)
    for section in sections(report):
        yield from _section(section)
    yield from _worst(report, picture)


def _cards(report: Json) -> Flowable:
    cells = [
        [
            Paragraph(rich(one.title), STYLES["cell"]),
            Paragraph(rich(value_words(one.figure, one.digits)), STYLES["big"]),
            Paragraph(rich(f"{interval_words(one.figure, one.digits)}, {count_words(one.figure)}"), STYLES["small"]),
            Paragraph(rich(one.beside), STYLES["small"]),
        ]
        for one in headlines(report)
    ]
    rows = [cells[at : at + CARDS_IN_A_ROW] for at in range(0, len(cells), CARDS_IN_A_ROW)]
    style = TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("BOX", (0, 0), (-1, -1), 0.5, LINE)])
    style.add("INNERGRID", (0, 0), (-1, -1), 0.5, LINE)
    return Grid(rows, [INSIDE / CARDS_IN_A_ROW] * CARDS_IN_A_ROW, style=style)


def _section(section: Section) -> Story:
    yield Paragraph(rich(section.title), STYLES["h2"])
    for note in section.notes:
        yield Paragraph(rich(note), STYLES["body"])
    charts = [[drawing(chart), _caption(chart.title, chart.description)] for chart in section.charts]
    for at in range(0, len(charts), CHARTS_IN_A_ROW):
        beside = charts[at : at + CHARTS_IN_A_ROW]
        widths = [INSIDE / CHARTS_IN_A_ROW] * len(beside)
        yield Grid([beside], widths, style=[("VALIGN", (0, 0), (-1, -1), "TOP")], hAlign="LEFT")
    for table in section.tables:
        if table.rows:
            yield from _table(table)
    yield Spacer(0, 1.5 * mm)
    for name, sentence in section.definitions():
        yield Paragraph(f"<b>{rich(name)}:</b> {rich(sentence)}.", STYLES["small"])


def _caption(title: str, description: str) -> Flowable:
    return Paragraph(f"<b>{rich(title)}</b><br/>{rich(description)}", STYLES["small"])


def _table(table: Table) -> Story:
    heads = [table.head, *(column.title for column in table.columns)]
    cells = [[Paragraph(rich(head), STYLES["head"]) for head in heads]]
    cells += [_row(row, table.columns) for row in table.rows]
    width = (INSIDE - NAME_WIDTH) / max(len(table.columns), 5)
    style = TableStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE),
            *(("BACKGROUND", (0, at), (-1, at), STRONG) for at, row in enumerate(table.rows, start=1) if row.strong),
            *((side, (0, 0), (-1, -1), 1.5) for side in ("TOPPADDING", "BOTTOMPADDING", "LEFTPADDING")),
        ]
    )
    grid = Grid(cells, [NAME_WIDTH, *[width] * len(table.columns)], style=style, repeatRows=1, hAlign="LEFT")
    yield Paragraph(rich(table.title), STYLES["h3"])
    yield grid
    if table.marked:
        yield Paragraph(rich(MARKED), STYLES["small"])


def _row(row: Row, columns: tuple[Column, ...]) -> list[Flowable | str]:
    name = f"{row.name} {MARK}" if row.marked else row.name
    first = Paragraph(f"<b>{rich(name)}</b>" if row.strong else rich(name), STYLES["cell"])
    return [first, *(_cell(cell, column) for cell, column in zip(row.cells, columns, strict=True))]


def _cell(cell: Cell, column: Column) -> Flowable | str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return Paragraph(rich(cell), STYLES["cell"])
    value = value_words(cell, column.digits, signed=column.signed)
    interval = interval_words(cell, column.digits, signed=column.signed)
    words = f"<b>{rich(value)}</b><br/><font size=6>{rich(interval)}, {rich(count_words(cell))}</font>"
    return Paragraph(words, STYLES["cell"])


def _worst(report: Json, picture: Pictures) -> Story:
    shown = [one for one in report["worst"] if one["picture"]]
    if not shown:
        return
    colours = ["#{:02x}{:02x}{:02x}".format(*colour) for colour in (MODEL_COLOUR, REFERENCE_COLOUR)]
    words = '<font color="{}">Model</font> and <font color="{}">reference</font> outlines of metastases, low window.'
    cells = [
        [
            Image(io.BytesIO(picture(one["picture"])), PICTURE_WIDTH, 4 * PICTURE_WIDTH),
            Paragraph(rich(f"{one['study']} {one['projection']}: {verdict_words(one)}"), STYLES["small"]),
        ]
        for one in shown
    ]
    yield KeepTogether(
        [
            Paragraph("Worst cases", STYLES["h2"]),
            Paragraph(words.format(*colours), STYLES["body"]),
            Grid([cells], [INSIDE / max(len(cells), 1)] * len(cells), style=[("VALIGN", (0, 0), (-1, -1), "TOP")]),
        ]
    )
