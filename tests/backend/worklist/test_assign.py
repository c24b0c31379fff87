"""Which two readers get a study, and what each is to see first."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from backend.settings import Settings
from backend.store.session import open_session
from backend.store.tables import Assignment, Study, now
from backend.worklist.assign import assign

AddStudy = Callable[..., dict[str, int]]
AddReader = Callable[..., int]

NAMES = ("anna", "bela", "carl", "dora", "emil")


def studies(add_study: AddStudy, number: int) -> None:
    for one in range(number):
        add_study(f"s{one}")


def load(table: dict[str, dict[str, str]]) -> Counter[str]:
    return Counter(reader for readers in table.values() for reader in readers)


def test_two_readers_get_every_study_once(
    settings: Settings, add_study: AddStudy, add_reader: AddReader, policy: Any
) -> None:
    studies(add_study, 3)
    add_reader("anna", 1)
    add_reader("bela", 2)
    assert assign(settings, policy) == 6
    assert assign(settings, policy) == 0
    add_study("s3")
    assert assign(settings, policy) == 2


@pytest.mark.parametrize("readers", [2, 3, 4, 5])
def test_of_many_readers_two_get_a_study_and_nobody_has_more_than_one_study_too_many(
    settings: Settings, add_study: AddStudy, add_reader: AddReader, policy: Any, worklists: Any, readers: int
) -> None:
    for number, name in enumerate(NAMES[:readers], start=1):
        add_reader(name, number)
    studies(add_study, 23)
    assert assign(settings, policy) == 46
    assert {len(pair) for pair in worklists().values()} == {2}
    assert {tuple(sorted(pair.values())) for pair in worklists().values()} == {("assisted", "blind")}
    counts = load(worklists())
    assert max(counts.values()) - min(counts.values()) <= 1


def test_every_two_readers_meet(
    settings: Settings, add_study: AddStudy, add_reader: AddReader, policy: Any, worklists: Any
) -> None:
    for number, name in enumerate(NAMES[:4], start=1):
        add_reader(name, number)
    studies(add_study, 40)
    assign(settings, policy)
    pairs = Counter(tuple(pair) for pair in worklists().values())
    assert len(pairs) == 6


def test_one_of_the_two_is_an_expert_where_there_is_one(
    settings: Settings, add_study: AddStudy, add_reader: AddReader, policy: Any, worklists: Any, change_reader: Any
) -> None:
    for number, name in enumerate(NAMES, start=1):
        add_reader(name, number)
    change_reader("dora", expert=True)
    change_reader("emil", expert=True)
    studies(add_study, 24)
    assign(settings, policy)
    assert all({"dora", "emil"} & set(pair) for pair in worklists().values())
    counts = load(worklists())
    assert (counts["dora"], counts["emil"]) == (12, 12)
    assert [counts[name] for name in NAMES[:3]] == [8, 8, 8]


def test_a_reader_with_half_a_share_gets_half_as_much(
    settings: Settings, add_study: AddStudy, add_reader: AddReader, policy: Any, worklists: Any, change_reader: Any
) -> None:
    for number, name in enumerate(NAMES[:3], start=1):
        add_reader(name, number)
    change_reader("carl", share=0.5)
    studies(add_study, 25)
    assign(settings, policy)
    counts = load(worklists())
    assert (counts["anna"], counts["bela"], counts["carl"]) == (20, 20, 10)


def test_who_has_read_ahead_gets_the_next_studies(
    settings: Settings,
    add_study: AddStudy,
    add_reader: AddReader,
    add_reading: Callable[..., int],
    policy: Any,
    worklists: Any,
) -> None:
    readers = {name: add_reader(name, number) for number, name in enumerate(NAMES[:3], start=1)}
    images = {f"s{one}": add_study(f"s{one}") for one in range(9)}
    assign(settings, policy)
    for token, pair in worklists().items():
        for image in images[token].values() if "anna" in pair else ():
            add_reading(readers["anna"], image)
    before = load(worklists())
    for one in range(9, 12):
        add_study(f"s{one}")
    assign(settings, policy)
    assert load(worklists())["anna"] == before["anna"] + 3


def test_a_single_reader_starts_alone_and_the_next_one_completes_the_pairs(
    settings: Settings, add_study: AddStudy, add_reader: AddReader, policy: Any, worklists: Any
) -> None:
    studies(add_study, 4)
    add_reader("bela", 2)
    assert (assign(settings, policy), assign(settings, policy)) == (4, 0)
    add_reader("anna", 1)
    assert (assign(settings, policy), assign(settings, policy)) == (4, 0)
    assert {tuple(sorted(pair.values())) for pair in worklists().values()} == {("assisted", "blind")}


def test_a_reader_who_comes_later_gets_new_studies_alone(
    settings: Settings, add_study: AddStudy, add_reader: AddReader, policy: Any, worklists: Any
) -> None:
    add_reader("anna", 1)
    add_reader("bela", 2)
    studies(add_study, 6)
    assign(settings, policy)
    before = worklists()
    add_reader("carl", 3)
    assert assign(settings, policy) == 0
    add_study("new")
    assign(settings, policy)
    assert {token: pair for token, pair in worklists().items() if token != "new"} == before
    assert "carl" in worklists()["new"]


def test_who_has_read_a_study_from_a_file_has_one_of_its_places(
    settings: Settings,
    add_study: AddStudy,
    add_reader: AddReader,
    add_reading: Callable[..., int],
    policy: Any,
    worklists: Any,
) -> None:
    add_reader("anna", 1)
    add_reader("bela", 2)
    carl = add_reader("carl", 3)
    add_reading(carl, add_study("s0")["anterior"])
    assert assign(settings, policy) == 2
    assert worklists()["s0"]["carl"] == "blind"
    assert sorted(worklists()["s0"].values()) == ["assisted", "blind"]


def test_nobody_reads_where_everybody_has_left(
    settings: Settings, add_study: AddStudy, add_reader: AddReader, policy: Any, change_reader: Any
) -> None:
    add_reader("anna", 1)
    change_reader("anna", left=now())
    add_study("s0")
    assert assign(settings, policy) == 0


def test_an_exposure_once_decided_stands(
    settings: Settings, add_study: AddStudy, add_reader: AddReader, policy: Any, worklists: Any
) -> None:
    add_study("s0")
    add_reader("anna", 1)
    add_reader("bela", 2)
    assign(settings, policy)
    assign(settings, type(policy)(frozenset({"s0"})))
    assert worklists() == {"s0": {"anna": "assisted", "bela": "blind"}}


@pytest.mark.parametrize(
    ("token", "sequestered", "exposures", "control"),
    [
        ("open", False, ["assisted", "blind"], False),
        ("drawn", False, ["blind", "blind"], True),
        ("hidden", True, ["blind", "blind"], False),
        ("drawn", True, ["blind", "blind"], False),
    ],
    ids=["open", "in the control arm", "sequestered", "drawn, but sequestered"],
)
def test_the_control_arm_and_sequestered_studies_are_blind_for_all(
    settings: Settings,
    add_study: AddStudy,
    add_reader: AddReader,
    policy: Any,
    worklists: Any,
    token: str,
    sequestered: bool,
    exposures: list[str],
    control: bool,
) -> None:
    add_study(token, sequestered=sequestered)
    add_reader("anna", 1)
    add_reader("bela", 2)
    assign(settings, type(policy)(frozenset({"drawn"})))
    assert list(worklists()[token].values()) == exposures
    with open_session(settings) as session:
        assert session.scalars(select(Study.control)).one() is control


@pytest.mark.parametrize("before", ["an assignment", "an assisted reading"])
def test_what_somebody_may_have_seen_never_enters_the_control_arm(
    settings: Settings,
    add_study: AddStudy,
    add_reader: AddReader,
    add_reading: Callable[..., int],
    policy: Any,
    before: str,
) -> None:
    image = add_study("s0")["anterior"]
    anna = add_reader("anna", 1)
    if before == "an assignment":
        with open_session(settings) as session:
            study = session.scalars(select(Study)).one()
            session.add(Assignment(reader_id=anna, study_id=study.id, exposure="assisted"))
    else:
        add_reading(anna, image, exposure="assisted")
    add_reader("bela", 2)
    assign(settings, type(policy)(frozenset({"s0"})))
    with open_session(settings) as session:
        assert session.scalars(select(Study.control)).one() is False
