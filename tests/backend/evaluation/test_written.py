"""The report as it is read: page, PDF, table of figures, model card."""

import csv
import io
import json
import re
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from backend.evaluation.card import card_markdown, model_card
from backend.evaluation.charts import Line, scale_around
from backend.evaluation.content import count_words, group_words, interval_words, value_words
from backend.evaluation.curves import bland_altman_chart, froc_chart, reliability_chart, roc_chart
from backend.evaluation.definitions import DEFINITIONS
from backend.evaluation.figures_csv import figures, to_csv
from backend.evaluation.headline import gate_words
from backend.evaluation.html import to_html
from backend.evaluation.pdf import to_pdf
from backend.evaluation.pdf_drawing import drawing
from backend.evaluation.report import build_report
from backend.evaluation.sections import sections
from backend.evaluation.svg import to_svg

Report = dict[str, Any]
MADE = {
    "card": {"architecture": {"encoder": "resnet34"}, "thresholds": {"crop": 0.5}, "recipe": None},
    "weights_sha256": "a" * 64,
    "card_sha256": "b" * 64,
    "chain": [
        {
            "model": "v1",
            "created": "2026-03-01T00:00:00+00:00",
            "code_version": "0.1.0",
            "dataset": {"id": "d" * 64, "patients": {"train": 8, "validation": 2, "test": 4}},
            "start": "scratch",
        }
    ],
    "readings": {"readings": 20},
}


class Balance(HTMLParser):
    """Whether every element is closed, in order."""

    VOID = ("meta", "img", "br", "link", "input")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture
def page(full_report: Report, kept: dict[str, bytes]) -> str:
    return to_html(full_report, kept.__getitem__)


def test_the_page_is_whole_and_needs_nothing_else(page: str) -> None:
    balance = Balance()
    balance.feed(page)
    assert balance.open == []
    assert not re.search(r"(src|href)=\"(?!data:|#)|url\(|@import|<script", page)
    targets = set(re.findall(r'href="#([^"]+)"', page))
    assert targets <= set(re.findall(r'id="([^"]+)"', page))


def test_the_page_says_how_often_the_test_set_was_looked_at_and_what_the_gate_says(page: str) -> None:
    assert "looked at 2 times" in page
    assert "Verdict of the gate: hold. A loss of lesion Dice is not excluded." in page
    assert "too small: 3 positive and 1 negative patients" in page


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"serving": True}, "This model serves. When it was judged, the gate said hold. A loss of lesion"),
        ({"verdict": None, "reason": "The champion was not evaluated."}, "The champion was not evaluated."),
        ({}, "Verdict of the gate: hold. A loss of lesion Dice is not excluded."),
    ],
)
def test_the_gate_is_told_in_words(full_report: Report, changes: Report, words: str) -> None:
    assert gate_words(full_report["gate"] | changes).startswith(words)


def test_a_reader_who_helped_to_make_the_reference_is_marked_in_every_table(page: str) -> None:
    assert "Ada with reference †" in page
    assert "Ada †" in page
    assert "伯 with reference<" in page
    tables = re.findall(r"<table>.*?</table>", page, re.DOTALL)
    marked = [table for table in tables if "†" in table]
    assert len(marked) >= 6
    assert page.count("† the reference was made with this reader&#39;s help") == len(marked)


def test_every_column_of_figures_is_defined_where_it_stands(full_report: Report) -> None:
    for section in sections(full_report):
        told = dict(section.definitions()).values()
        for table in section.tables:
            for at, column in enumerate(table.columns):
                holds_figures = any(isinstance(row.cells[at], dict) for row in table.rows)
                assert not holds_figures or DEFINITIONS[str(column.key)] in told, (table.title, column.title)


def test_every_row_of_a_table_has_a_cell_for_each_column(full_report: Report) -> None:
    for section in sections(full_report):
        for table in section.tables:
            assert all(len(row.cells) == len(table.columns) for row in table.rows), table.title


def test_charts_are_images_that_say_what_they_show(full_report: Report) -> None:
    charts = [chart for section in sections(full_report) for chart in section.charts]
    assert {chart.title for chart in charts} >= {"ROC of patients", "FROC of lesions", "Regions", "BSTBI"}
    for chart in charts:
        drawn = ET.fromstring(str(to_svg(chart)))  # noqa: S314 (our own)
        assert drawn.get("role") == "img"
        assert chart.description in str(drawn.get("aria-label"))
        for dot in drawn.iter("circle"):
            assert 0 <= float(dot.get("cx", -1)) <= chart.width
            assert 0 <= float(dot.get("cy", -1)) <= chart.height


def test_a_chart_of_nothing_has_axes_alone(full_report: Report) -> None:
    empty = {"points": [], "at": [], "standing": []}
    undefined = {"value": None, "low": None, "high": None, "n": 0}
    agreement = {"bias": undefined, "limit_low": undefined, "limit_high": undefined}
    for chart in (
        froc_chart(empty),
        reliability_chart("nothing", [], "share"),
        bland_altman_chart("nothing", [], agreement),
        roc_chart(full_report | {"roc": [], "patients_by_reader": {}}),
    ):
        assert "<polyline" in to_svg(chart)
        assert all(len(mark.places) > 1 for mark in chart.marks if isinstance(mark, Line))
        assert drawing(chart).asString("pdf")


@pytest.mark.parametrize("values", [[0.0], [0.103, 0.104], [-3.0, 40.0], [1e-6, 2e-6], [5.0, 5.0]])
def test_a_scale_holds_its_values_between_round_ticks(values: list[float]) -> None:
    scale = scale_around(values)
    assert scale.low <= min(values) <= max(values) <= scale.high
    assert 2 <= len(scale.ticks) <= 8
    assert len({words for _, words in scale.ticks}) == len(scale.ticks)


def test_names_are_text_and_never_markup(full_report: Report, kept: dict[str, bytes]) -> None:
    full_report["patients_by_reader"]["<b>&"] = full_report["patients_by_reader"].pop("Ada")
    page = to_html(full_report, kept.__getitem__)
    assert "<b>&" not in page
    assert "&lt;b&gt;&amp;" in page
    assert to_pdf(full_report, kept.__getitem__).startswith(b"%PDF")


def test_the_pdf_is_the_same_for_the_same_report(full_report: Report, kept: dict[str, bytes]) -> None:
    first, second = (to_pdf(full_report, kept.__getitem__) for _ in range(2))
    assert first == second
    assert first.count(b"/Type /Page\n") >= 5
    assert b"Evaluation of model v1" in first


def test_the_table_of_figures_holds_every_figure_with_its_definition(full_report: Report) -> None:
    content = to_csv(full_report)
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert len(rows) == len(list(figures(full_report))) > 300
    assert all(row["definition"] for row in rows), [row["figure"] for row in rows if not row["definition"]]
    assert len({row["figure"] for row in rows}) == len(rows)
    by_name = {row["figure"]: row for row in rows}
    dice = full_report["labels"]["metastasis"]["dice"]
    assert float(by_name["labels / metastasis / dice"]["value"]) == dice["value"]
    assert by_name["outlines / Ada reference / labels / metastasis / dice"]["contributed"] == "yes"
    assert by_name["outlines / 伯 reference / labels / metastasis / dice"]["contributed"] == ""
    assert by_name["slices / site unknown / patients / specificity"]["k"] == "0"
    assert by_name["outlines / model reference / lesions / by_size / <10 / f1"]["value"] == ""


def test_the_model_card_is_plain_json_and_markdown(full_report: Report) -> None:
    card = model_card(full_report, MADE)
    assert json.loads(json.dumps(card, allow_nan=False)) == card
    text = card_markdown(card)
    assert text.startswith("# Model card: v1\n")
    assert "| Dice of lesions | 0.736 |" in text
    assert "8 training and 2 validation patients, 20 readings" in text
    assert "Verdict of the gate: hold. A loss of lesion Dice is not excluded." in text
    assert card["limits"][0] != "It learned from simulated scans alone."
    simulated = MADE | {"chain": [MADE["chain"][0] | {"start": "pretrain"}]}  # type: ignore[index]
    assert model_card(full_report, simulated)["limits"][0] == "It learned from simulated scans alone."
    assert "Tried on fewer than 10 patients: age <50 (1)" in text
    assert f"**Not for.** {card['not_for']}" in text


def test_a_report_without_readers_or_champion_can_be_written(
    read_scores: list[dict[str, Any]], kept: dict[str, bytes]
) -> None:
    for score in read_scores:
        score["readers"], score["between_readers"], score["pixel_mm"] = {}, [], None
    report = build_report(read_scores, "v1", "d" * 64)
    page = to_html(report, kept.__getitem__)
    assert "Beside the champion" not in page
    assert "HD95, pixels" in page
    assert to_pdf(report, kept.__getitem__).startswith(b"%PDF")
    assert card_markdown(model_card(report, MADE))


@pytest.mark.parametrize(
    ("value", "signed", "words"),
    [
        (0.7394, False, "0.739"),
        (-0.0004, True, "0.000"),
        (-0.02, True, "−0.020"),
        (0.02, True, "+0.020"),
        (None, True, "–"),
    ],
)
def test_a_value_is_said_with_its_sign_where_it_has_one(value: float | None, signed: bool, words: str) -> None:
    assert value_words({"value": value}, signed=signed) == words


@pytest.mark.parametrize(
    ("figure", "words"),
    [
        ({"value": None, "low": None, "high": None, "n": 0}, ("undefined", "n = 0")),
        ({"value": 0.5, "low": None, "high": None, "n": 1}, ("too few for an interval", "n = 1")),
        ({"value": 0.926, "low": 0.825, "high": 0.971, "n": 54, "k": 50}, ("0.825 to 0.971", "50/54")),
        ({"value": 0.5, "low": 0.4, "high": 0.6, "n": 43222}, ("0.400 to 0.600", "n = 43,222")),
    ],
)
def test_an_interval_says_why_there_is_none(figure: Report, words: tuple[str, str]) -> None:
    assert (interval_words(figure), count_words(figure)) == words


@pytest.mark.parametrize(
    ("name", "words"), [(">=70", "≥ 70"), ("<50", "< 50"), ("50-69", "50–69"), ("beside_bladder", "beside bladder")]
)
def test_groups_are_named_for_people(name: str, words: str) -> None:
    assert group_words(name) == words
