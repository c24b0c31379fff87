"""A hidden repeat comes back: known by the name of its pictures, kept apart from the first reading."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from backend.errors import ReadingError
from backend.labelstudio.layout import file_name, token_in
from backend.readings.import_files import import_paths
from backend.readings.receive import receive_labelme, receive_webhook
from backend.readings.reconcile import reconcile
from backend.records import PROJECTIONS, WINDOWS
from backend.settings import Settings
from backend.store.session import open_session
from backend.store.tables import Assignment, Image, Reading, Reference

Images = dict[str, int]
REPEAT = {"number": 20, "study": "alias"}


@pytest.fixture
def again(settings: Settings, study: Images, call_image: Callable[[int, str], None]) -> Images:
    """Study `s1` lies before anna once more, as `alias`; she was shown a model's outlines at her first reading."""
    with open_session(settings) as session:
        study_id = session.get_one(Image, study["anterior"]).study_id
        session.add(
            Assignment(reader_id=1, study_id=study_id, exposure="assisted", shown_model="m1", label_studio_task=9)
        )
        session.add(
            Assignment(
                reader_id=1, study_id=study_id, purpose="repeat", token="alias", exposure="blind", label_studio_task=20
            )
        )
    for projection in PROJECTIONS:
        for window in WINDOWS:
            call_image(study[projection], file_name("alias", projection, window))
    return study


def submit(settings: Settings, files: Any, annotated: int, minutes: float, *drawn: Any, **task: Any) -> Any:
    annotation = files.annotation(annotated, {"anterior": list(drawn)}, minutes=minutes)
    return receive_webhook(settings, files.webhook("ANNOTATION_CREATED", files.task(**task), annotation))


def anterior(again: Images, rows: list[Reading]) -> list[tuple[bool, str, str | None, bool]]:
    """Repeat, exposure, model shown, superseded."""
    return [
        (row.repeat, row.exposure, row.shown_model, row.superseded_by is not None)
        for row in rows
        if row.image_id == again["anterior"]
    ]


def test_it_is_blind_counts_nowhere_and_leaves_the_first_reading_alone(
    settings: Settings, again: Images, files: Any, all_readings: Any, what_counts: Any
) -> None:
    submit(settings, files, 1, 1, files.LESION)
    before = what_counts()
    receipt = submit(settings, files, 2, 2, files.BLADDER, **REPEAT)
    assert (receipt.new, receipt.changed) == (2, frozenset())
    assert what_counts() == before
    assert anterior(again, all_readings()) == [(False, "assisted", "m1", False), (True, "blind", None, False)]


def test_both_may_be_revised_each_for_itself(settings: Settings, again: Images, files: Any, all_readings: Any) -> None:
    submit(settings, files, 1, 1, files.LESION)
    submit(settings, files, 2, 2, files.LESION, **REPEAT)
    submit(settings, files, 1, 3, files.BLADDER)
    submit(settings, files, 2, 4, files.BLADDER, **REPEAT)
    assert [(row[0], row[3]) for row in anterior(again, all_readings())] == [
        (False, True),
        (True, True),
        (False, False),
        (True, False),
    ]


def test_a_reference_written_meanwhile_does_not_spoil_it(
    settings: Settings, again: Images, files: Any, all_readings: Any
) -> None:
    submit(settings, files, 1, 1, files.LESION)
    with open_session(settings) as session:
        session.add(Reference(image_id=again["anterior"], status="agreed", rule="test", created=files.at(2)))
    submit(settings, files, 2, 3, files.LESION, **REPEAT)
    assert [row.unblinded for row in all_readings() if row.repeat] == [False, False]


def test_reconciling_finds_it_and_takes_it_back_as_any_other(
    settings: Settings, again: Images, files: Any, all_readings: Any, what_counts: Any
) -> None:
    submit(settings, files, 1, 1, files.LESION)
    drawn = files.annotation(2, {"anterior": [files.BLADDER]}, minutes=2)
    tasks = [files.task(files.annotation(1, {"anterior": [files.LESION]}, minutes=1)), files.task(drawn, **REPEAT)]
    assert reconcile(settings, "anna", tasks, datetime.now(UTC)).new == 2
    assert reconcile(settings, "anna", tasks, datetime.now(UTC)).new == 0
    before = what_counts()
    reconcile(settings, "anna", [tasks[0], files.task(**REPEAT)], datetime.now(UTC))
    assert what_counts() == before
    assert {row.withdrawn for row in all_readings() if row.repeat} == {True}


def test_a_labelme_file_is_known_by_the_picture_it_names(
    settings: Settings, again: Images, files: Any, all_readings: Any, tmp_path: Any
) -> None:
    for name, drawn in (("s1_anterior_low", files.LESION), ("alias_anterior_low", files.BLADDER)):
        (tmp_path / f"{name}.json").write_bytes(files.labelme(drawn, image=f"{name}.png"))
    summary = import_paths(settings, [tmp_path], "anna")
    assert (summary["new"], summary["errors"]) == (2, [])
    assert sorted(anterior(again, all_readings())) == [
        (False, "assisted", "m1", False),
        (True, "blind", None, False),
    ]


def test_under_another_readers_name_it_is_refused(settings: Settings, again: Images, files: Any) -> None:
    content = files.labelme(files.LESION, image="alias_anterior_low.png")
    with pytest.raises(ReadingError, match="another reader's worklist"):
        receive_labelme(settings, content, reader="bela", submitted=files.at(1), source="x.json")


@pytest.mark.parametrize(
    ("name", "token"),
    [
        ("0a1b_anterior_low.png", "0a1b"),
        ("reader-1/a_b_posterior_high.png", "a_b"),
        ("C:\\work\\0a1b_anterior_low.png", "0a1b"),
        ("0a1b_anterior_low", "0a1b"),
        ("scan.png", None),
        ("a_lateral_low.png", None),
        ("no_image.png", None),
        ("", None),
    ],
)
def test_the_token_is_read_off_a_worklist_files_name_alone(name: str, token: str | None) -> None:
    assert token_in(name) == token
