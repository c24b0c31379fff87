"""What a reader and an engineer are shown of the data, and what not."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from backend.jobs.steps import agree
from backend.settings import Settings
from backend.store.session import open_session
from backend.store.tables import Account, ChampionChange, DatasetVersion, ModelVersion, Reference, Study
from backend.web.stock import stock


@pytest.fixture
def readings(
    settings: Settings,
    with_reader: Any,
    add_reader: Any,
    add_study: Any,
    add_reading: Any,
    box: Any,
) -> None:
    """Of four studies, one agreed, one agreed to be without lesions, one open, one sequestered and unread."""
    with open_session(settings) as session:
        own = session.scalars(select(Account.reader_id).where(Account.role == "reader")).one()
    other = add_reader("the other", 10)
    outline, bladder = box(200, 100, 10, 12), box(700, 110, 30, 30, "bladder")
    for token, regions in (("lesion", (outline, bladder)), ("clean", (bladder,))):
        for image in add_study(token).values():
            for reader, exposure in ((own, "assisted"), (other, "blind")):
                add_reading(reader, image, *regions, exposure=exposure)
    add_reading(own, add_study("half")["anterior"], box(100, 100, 10, 10))
    add_study("kept", sequestered=True)
    agree.settle(settings)


def test_a_reader_sees_the_own_figures_where_the_reference_is_sealed_and_nothing_of_others(
    readings: None, log_in: Callable[[str], Any]
) -> None:
    page = log_in("reader").get("/own").text
    assert "<code>lesion</code>" in page
    assert "<code>clean</code>" in page
    assert "half" not in page, "its reference is not sealed"
    assert "<code>kept" not in page
    assert "the other" not in page
    assert "1.000" in page
    assert "counts nowhere" in page


def test_the_data_are_counted_by_side_label_exposure_and_reason(readings: None, settings: Settings) -> None:
    with open_session(settings) as session:
        session.scalars(select(Study).where(Study.token == "half")).one().control = True
        image = session.scalars(select(Study).where(Study.token == "kept")).one().images[0]
        session.add(Reference(image_id=image.id, status="excluded", reason="unreadable", rule="test"))
    counted = stock(settings)
    undecided = {"patients": 3, "studies": 3, "projections": 6, "agreed": 4, "adjudicated": 0, "excluded": 0, "open": 2}
    assert counted["sides"]["undecided"] == undecided
    assert counted["sides"]["test"] == dict.fromkeys(undecided, 0) | {
        "patients": 1,
        "studies": 1,
        "projections": 2,
        "excluded": 1,
        "open": 1,
    }
    assert counted["labels"] == {"metastasis": 2, "bladder": 4, "references": 4}
    assert counted["exposures"] == {"assisted": 4, "blind": 5}
    assert counted["exclusions"] == {"unreadable": 1}
    assert counted["control"] == 1
    assert counted["known"] == {"unknown": 4}
    assert counted["new"] == {"champions_dataset": None, "references": 4, "studies": 2}


def test_what_is_new_is_counted_from_the_champions_dataset_version_on(
    readings: None, settings: Settings, log_in: Callable[[str], Any]
) -> None:
    with open_session(settings) as session:
        manifest = {"members": [], "split_rule": "patient", "buckets": {"train": {"none": 2}}}
        session.add(DatasetVersion(id="d" * 64, manifest=manifest))
        session.flush()
        champion = ModelVersion(id="a" * 12, weights_sha256="0" * 64, card={}, dataset_id="d" * 64, code_version="1")
        session.add(champion)
        session.flush()
        session.add(ChampionChange(model_id=champion.id, action="promote", by="scintiloop"))
    assert stock(settings)["new"] == {"champions_dataset": "d" * 64, "references": 0, "studies": 0}
    page = log_in("engineer").get("/data").text
    assert "No reference is new" in page
    assert "dddddddddddd" in page


def test_a_data_overview_of_an_empty_home_says_so(log_in: Callable[[str], Any]) -> None:
    page = log_in("engineer").get("/data").text
    assert "No dataset version yet" in page
