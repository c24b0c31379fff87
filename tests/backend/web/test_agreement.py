"""The pages of agreement: where every study stands, what is said of it to whom, and how fast with many."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from backend.agreement.keep import keep_all
from backend.settings import Settings
from backend.store.session import open_session
from backend.store.tables import Image, Patient, Reading, Reference, Study, now


@pytest.fixture
def physician(log_in: Callable[[str], Any]) -> Any:
    return log_in("physician")


@pytest.fixture
def engineer(log_in: Callable[[str], Any]) -> Any:
    return log_in("engineer")


@pytest.fixture
def read(add_study: Any, add_reader: Any, add_reading: Any, box: Any) -> None:
    """`wait1ng` has one reading, `agr33d` two alike, `disput3d` two that differ in the call of the patient."""
    readers = [add_reader("Annotator Kim", 1), add_reader("Annotator Lee", 2)]
    add_reading(readers[0], add_study("wait1ng")["anterior"], box(100, 100, 9, 9))
    for token, lesions in (("agr33d", (9, 9)), ("disput3d", (9, None))):
        image = add_study(token, patient="Meier, Anna")["anterior"]
        for reader, size in zip(readers, lesions, strict=True):
            add_reading(reader, image, *([box(100, 100, size, size)] if size else []))


def counted(page: str) -> dict[str, int]:
    """The counts over the table, by their words."""
    return {
        words.strip(): int(count.replace(",", ""))
        for words, count in re.findall(r'<li class="card">([^<]+)<strong>([\d,]+)', page)
    }


def tokens(page: str) -> list[str]:
    return re.findall(r'<th scope="row"><a href="/agreement/studies/(\w+)">', page)


def test_studies_are_counted_by_where_they_stand(physician: Any, read: None) -> None:
    assert counted(physician.get("/agreement").text) == {
        "All studies": 3,
        "Read twice": 0,
        "Waiting for a reading": 3,
        "Disputed": 2,
        "Settled": 0,
        "With an excluded projection": 0,
        "New since the champion": 0,
    }


def test_studies_are_filtered_by_state_and_token_newest_first(physician: Any, read: None) -> None:
    assert tokens(physician.get("/agreement").text) == ["disput3d", "agr33d", "wait1ng"]
    assert tokens(physician.get("/agreement?state=disputed").text) == ["disput3d", "agr33d"]
    assert tokens(physician.get("/agreement?study=GR3").text) == ["agr33d"]
    assert "No study stands so." in physician.get("/agreement?state=excluded").text


def test_a_reference_sealed_after_the_champions_freeze_is_new(physician: Any, read: None, settings: Settings) -> None:
    with open_session(settings) as session:
        image = session.query(Image).join(Study).filter(Study.token == "agr33d").first()
        first, second = (one.id for one in session.query(Reading).filter_by(image_id=image.id))
        session.add(Reference(image_id=image.id, status="agreed", rule="r", reading_a=first, reading_b=second))
    page = physician.get("/agreement?state=new").text
    assert tokens(page) == ["agr33d"]
    assert counted(page)["Settled"] == 1


@pytest.mark.parametrize(
    ("query", "status"), [("state=nothing", 400), ("page=0", 200), ("page=x", 200), ("page=99", 200)]
)
def test_a_strange_address_is_answered_plainly(physician: Any, read: None, query: str, status: int) -> None:
    assert physician.get(f"/agreement?{query}").status_code == status


def test_nothing_of_agreement_is_shown_before_both_readings_are_sealed(physician: Any, read: None) -> None:
    page = physician.get("/agreement?study=wait1ng").text
    assert "1 of 2" in page
    assert not re.findall(r"\d\.\d\d", page.split("<tbody>")[1].split("</tbody>")[0])
    study = physician.get("/agreement/studies/wait1ng").text
    assert not re.findall(r"\d\.\d", study.split("<tbody>")[1].split("</tbody>")[0])


def test_a_study_is_shown_with_its_figures_and_reasons(physician: Any, read: None) -> None:
    page = physician.get("/agreement/studies/disput3d").text
    assert "one reader found lesions in the study and the other none" in page
    assert "differs" in page
    assert "1.000" in physician.get("/agreement/studies/agr33d").text
    assert physician.get("/agreement/studies/n0where").status_code == 404


PAGES = ("/agreement", "/agreement/studies/disput3d", "/agreement/figures")


@pytest.mark.parametrize("path", PAGES)
def test_physicians_see_no_reader_and_nobody_a_patient(physician: Any, engineer: Any, read: None, path: str) -> None:
    assert "Annotator" not in physician.get(path).text
    assert "Meier" not in physician.get(path).text + engineer.get(path).text


def test_engineers_see_each_reader_against_the_reference(
    engineer: Any, physician: Any, read: None, settings: Settings, add_reference: Any, box: Any
) -> None:
    with open_session(settings) as session:
        image = session.query(Image).join(Study).filter(Study.token == "agr33d").first().id
        readings = [one.id for one in session.query(Reading).filter_by(image_id=image)]
    add_reference(image, readings, box(100, 100, 9, 9))
    assert "Annotator Kim" in engineer.get("/agreement/figures").text
    assert "Annotator Kim" not in physician.get("/agreement/figures").text


def test_figures_follow_what_is_sealed(engineer: Any, read: None, add_study: Any, add_reading: Any, box: Any) -> None:
    assert "2 projections of 1 patients" in engineer.get("/agreement/figures").text
    image = add_study("later")["anterior"]
    for reader in (1, 2):
        add_reading(reader, image, box(100, 100, 9, 9))
    assert "3 projections of 2 patients" in engineer.get("/agreement/figures").text


def test_figures_without_a_reading_say_so(engineer: Any) -> None:
    assert "No projection has two sealed readings yet." in engineer.get("/agreement/figures").text
    assert "0 studies of 0 patients" in engineer.get("/agreement/exposure").text


def test_the_comparison_of_exposures_is_for_engineers(engineer: Any, physician: Any, read: None) -> None:
    assert "Within the same studies" in engineer.get("/agreement/exposure").text
    assert physician.get("/agreement/exposure").status_code == 403


def test_ten_thousand_studies_are_paged(physician: Any, settings: Settings) -> None:
    with open_session(settings) as session:
        session.bulk_insert_mappings(
            Patient, [{"id": n, "pseudonym": f"p{n}", "sequestered": False} for n in range(1, 10_001)]
        )
        studies = [
            {"id": n, "patient_id": n, "identifier": "s", "token": f"t{n}", "created": now()} for n in range(1, 10_001)
        ]
        session.bulk_insert_mappings(Study, studies)
        images = [
            {"study_id": n, "projection": projection, "source_sha256": "0" * 64, "rows": 1024, "columns": 256}
            for n in range(1, 10_001)
            for projection in ("anterior", "posterior")
        ]
        session.bulk_insert_mappings(Image, images)
    page = physician.get("/agreement?page=200").text
    assert "Page 200 of 200" in page
    assert tokens(page)[-1] == "t1"
    assert len(page) < 100_000


def test_every_page_keeps_to_the_policy_against_inline_code(engineer: Any, read: None, settings: Settings) -> None:
    keep_all(settings)
    for path in (*PAGES, "/agreement/exposure"):
        page = engineer.get(path).text
        assert "<script" not in page
        assert " style=" not in page
        assert " onclick=" not in page
