"""Who asks for a run reads nothing of the test side; the run itself reads everything once, and says so in the audit."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from backend.datasets.check import check_blobs, check_version
from backend.datasets.freeze import FrozenDataset, freeze
from backend.errors import InputError
from backend.settings import Settings
from backend.store.blobs import blobs_of
from backend.store.session import open_session
from backend.store.tables import AuditEntry
from converters.regions import Region


@pytest.fixture
def dataset(
    settings: Settings,
    add_study: Any,
    add_reader: Any,
    add_reading: Any,
    add_reference: Any,
    box: Callable[..., Region],
) -> FrozenDataset:
    """Six patients with a lesion each, two of them sequestered."""
    readers = [add_reader("first", 1), add_reader("second", 2)]
    for number in range(6):
        image = add_study(f"s{number}", sequestered=number > 3, projections=("anterior",))["anterior"]
        lesion = box(200, 100, 10 + number, 10)
        add_reference(image, [add_reading(reader, image, lesion) for reader in readers], lesion)
    return freeze(settings)


def looks(settings: Settings) -> list[tuple[str, list[str]]]:
    with open_session(settings) as session:
        found = [one for one in session.scalars(select(AuditEntry)) if one.detail.get("purpose") == "check"]
    return [(one.who, one.detail["patients"]) for one in found]


def test_who_asks_for_a_run_reads_nothing_of_the_test_side(settings: Settings, dataset: FrozenDataset) -> None:
    for member in dataset.manifest["members"]:
        if member["split"] == "test":
            blobs_of(settings).path(member["masks"]["metastasis"]).write_bytes(b"not to be opened")
    check_version(settings, dataset)
    assert looks(settings) == []


def test_the_run_reads_everything_and_says_so(settings: Settings, dataset: FrozenDataset) -> None:
    check_blobs(settings, dataset, by="run 7")
    assert looks(settings) == [("run 7", ["patient of s4", "patient of s5"])]


def test_the_look_is_written_down_also_where_it_finds_something(settings: Settings, dataset: FrozenDataset) -> None:
    member = next(one for one in dataset.manifest["members"] if one["split"] == "test")
    blobs_of(settings).path(member["masks"]["metastasis"]).write_bytes(b"something else")
    with pytest.raises(
        InputError, match=r"study s[45], anterior, metastasis mask: blob \w{12}… is not what was stored"
    ):
        check_blobs(settings, dataset, by="run 7")
    assert looks(settings)
