"""Dataset versions: frozen by content, split by patient, read under audit."""

import hashlib
import json

import numpy as np
import pytest
from sqlalchemy import select

from backend.datasets.freeze import find, freeze, versions
from backend.datasets.load import export, load_samples
from backend.errors import NotFound, Refused, WrongState
from backend.store.blobs import blobs_of
from backend.store.masks import put_mask
from backend.store.session import open_session
from backend.store.tables import AuditEntry, Patient, Reference
from converters.grid import GRID_SHAPE


@pytest.fixture
def add_reference(settings):
    """`add(image, lesion_rows, status=…, readings=(a, b))` writes a reference whose lesion is 10 columns wide."""

    def add(image, lesion_rows, status="agreed", readings=(None, None)):
        mask = np.zeros(GRID_SHAPE, dtype=bool)
        empty = put_mask(blobs_of(settings), mask)
        mask[100 : 100 + lesion_rows, 100:110] = True
        hashes = {"metastasis_sha256": put_mask(blobs_of(settings), mask), "bladder_sha256": empty}
        row = Reference(image_id=image, status=status, rule="consensus-1", reading_a=readings[0], reading_b=readings[1])
        if status != "excluded":
            row.metastasis_sha256, row.bladder_sha256 = hashes.values()
            row.ignored_sha256 = empty
        with open_session(settings) as session:
            session.add(row)

    return add


@pytest.fixture
def home(add_study, add_reference):
    """Ten patients, two of them sequestered, one of the others with a follow-up; returns image ids by patient."""
    images = {}
    for number in range(10):
        name = f"P{number}"
        images[name] = list(add_study(f"s{number}", patient=name, sequestered=number >= 8).values())
    images["P1"] += add_study("later", patient="P1").values()
    for number, ids in enumerate(images.values()):
        for image in ids:
            add_reference(image, number)
    return images


def audited(settings):
    with open_session(settings) as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "sequestered references read"))
        return [(one.who, one.detail) for one in entries]


def test_the_name_is_the_hash_of_the_canonical_manifest(settings, home):
    dataset = freeze(settings)
    text = json.dumps(dataset.manifest, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert dataset.id == hashlib.sha256(text.encode()).hexdigest()


def test_the_same_references_give_the_same_version(settings, home):
    assert freeze(settings).id == freeze(settings).id
    assert len(versions(settings)) == 1


def test_members_are_sorted_and_a_patient_is_on_one_side(settings, home):
    members = freeze(settings).manifest["members"]
    places = [(one["patient"], one["study"], one["projection"]) for one in members]
    assert places == sorted(places)
    assert len(places) == 22
    sides = {one["patient"]: set() for one in members}
    for one in members:
        sides[one["patient"]].add(one["split"])
    assert all(len(side) == 1 for side in sides.values())
    assert {patient for patient, side in sides.items() if side == {"test"}} == {"P8", "P9"}


def test_every_side_is_shown_by_bucket_of_the_first_study(settings, home):
    buckets = freeze(settings).manifest["buckets"]
    totals = {name: sum(side[name] for side in buckets.values()) for name in buckets["train"]}
    assert totals == {"0": 1, "1-9": 0, "10-99": 4, "100-999": 5, "1000-9999": 0, "10000-99999": 0, ">=100000": 0}


def test_a_side_once_given_is_kept_when_others_come(settings, home, add_study, add_reference):
    def sides(dataset):
        return {one["patient"]: one["split"] for one in dataset.manifest["members"]}

    first = sides(freeze(settings, only_images=[image for name in ("P0", "P1", "P2") for image in home[name]]))
    with open_session(settings) as session:
        undecided = session.scalars(select(Patient.pseudonym).where(Patient.split.is_(None), ~Patient.sequestered))
        assert set(undecided) == {"P3", "P4", "P5", "P6", "P7"}
    later = sides(freeze(settings))
    assert first.items() <= later.items()
    assert {patient for patient, side in first.items() if side == "test"} == {"P8", "P9"}


def test_excluded_and_outdated_references_are_no_members(
    settings, home, add_study, add_reference, add_reader, add_reading
):
    before = freeze(settings)
    excluded, outdated = add_study("more").values()
    add_reference(excluded, 3, status="excluded")
    first, second = add_reader("reader 1", 1), add_reader("reader 2", 2)
    readings = add_reading(first, outdated, exposure="assisted"), add_reading(second, outdated)
    add_reference(outdated, 3, readings=readings)
    frozen = freeze(settings)
    assert [one["exposure"] for one in frozen.manifest["members"] if one["study"] == "more"] == [["assisted", "blind"]]
    add_reading(first, outdated)
    assert freeze(settings).id == before.id


def test_the_test_side_is_loaded_under_audit_and_the_others_without(settings, home):
    dataset = freeze(settings)
    train, validation, test = (load_samples(settings, dataset.id, side) for side in ("train", "validation", "test"))
    assert len(train) + len(validation) + len(test) == 22
    froze, loaded = (detail for _, detail in audited(settings))
    assert (froze["purpose"], froze["patients"]) == ("freeze", ["P8", "P9"])
    assert (loaded["purpose"], loaded["images"]) == ("load", sorted(home["P8"] + home["P9"]))


def test_a_member_is_what_was_frozen_whatever_comes_later(settings, home, add_reference):
    dataset = freeze(settings)
    add_reference(home["P9"][0], 30)
    members = {one.image_id: one for one in load_samples(settings, dataset.id, "test")}
    member = members[home["P9"][0]]
    assert member.masks.metastasis.sum() == 90
    assert not member.masks.ignored.any()
    assert (member.visit.patient, member.visit.study, member.projection) == ("P9", "s9", "anterior")
    assert {window: (pixels.shape, pixels.dtype) for window, pixels in member.sub_images.items()} == {
        "low": (GRID_SHAPE, np.uint8),
        "high": (GRID_SHAPE, np.uint8),
    }


def test_an_export_holds_images_masks_and_the_manifest_under_audit(settings, home, tmp_path):
    dataset = freeze(settings)
    assert export(settings, dataset.id, tmp_path / "out", by="engineer") == 22
    assert hashlib.sha256((tmp_path / "out/manifest.json").read_bytes()).hexdigest() == dataset.id
    listing = json.loads((tmp_path / "out/files.json").read_text())
    assert all((tmp_path / "out" / name).is_file() for one in listing for name in one["files"])
    assert len(list((tmp_path / "out/masks").iterdir())) == 3 * 22
    assert [who for who, _ in audited(settings)][1:] == ["engineer"]


def test_a_version_is_found_by_the_beginning_of_its_name(settings, home):
    dataset = freeze(settings)
    assert find(settings, dataset.id[:8]) == dataset


def test_the_study_split_is_for_closed_data(settings, home):
    with pytest.raises(Refused, match="closed_data = true"):
        freeze(settings, split="study")
    closed = settings.model_copy(update={"closed_data": True})
    dataset = freeze(closed, split="study")
    assert dataset.manifest["split_rule"] == "study-1"
    assert {one["split"] for one in dataset.manifest["members"]} == {"train", "validation", "test"}


def test_nothing_to_freeze_is_said(settings):
    with pytest.raises(WrongState, match="no reference to freeze yet"):
        freeze(settings)


def test_an_unknown_version_is_said(settings):
    with pytest.raises(NotFound, match="abc does not exist"):
        load_samples(settings, "abc", "train")
