"""Is a dataset version fit to train on? Asked before any step runs; the first offence is named, with its place.

`check_version` is quick enough for whoever asks for a run; `check_blobs` reads everything once, when the run begins. A
place is the study's token and the projection, which say nothing of the patient.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from backend.datasets.freeze import FrozenDataset
from backend.datasets.manifest import FORMAT, name_of
from backend.datasets.split import PATIENT_RULE, STUDY_RULE
from backend.errors import InputError, NotFound, Refused, Sequestered
from backend.sentences import say
from backend.settings import Settings
from backend.store.audit import record
from backend.store.blobs import BlobStore, blobs_of
from backend.store.images import decode_png
from backend.store.session import open_session
from backend.store.tables import Image, Patient, Study
from converters.grid import GRID_SHAPE

LEAST_PATIENTS = 2
"""To learn from: one of them is kept to choose thresholds on."""
LEARNED = ("train", "validation")
SHORT = 12
"""Hex digits of a hash that a sentence shows."""

Member = Mapping[str, Any]
"""One projection as `manifest.compose` writes it."""


@dataclass(frozen=True)
class _Blob:
    """One file of a member: where it belongs, and its hash."""

    place: str
    sha256: str


def check_version(settings: Settings, dataset: FrozenDataset) -> None:
    """All that can be said without reading the test side: manifest, sides, patients, is there anything to learn.

    Raises:
        InputError: the manifest is not what its name says, too few patients, no lesion to learn from.
        NotFound: an image or a blob is missing.
        Refused: the study's own split in a home that is not made for closed data.
        Sequestered: a patient of the frozen test set on a side that is learned from.
    """
    members = _members(dataset)
    if dataset.manifest["split_rule"] == STUDY_RULE and not settings.closed_data:
        raise Refused(
            say(
                "dataset version {id} is closed data, split as the study did; train on it in a home with "
                "closed_data = true, whose models never serve",
                id=dataset.id[:SHORT],
            )
        )
    _check_patients(settings, dataset, members)
    blobs, tokens = blobs_of(settings), _tokens(settings)
    for blob in _blobs(members, tokens):
        if not blobs.has(blob.sha256):
            raise _missing(dataset, blob)
    learned = [one for one in members if one["split"] == "train"]
    lesions = [blob for member in learned for blob in _masks(member, tokens, ("metastasis",))]
    if not any(_pixels(blobs, dataset, blob).any() for blob in lesions):
        raise InputError(
            say(
                "dataset version {id}: no reference of its training side holds a metastasis, so there is nothing to "
                "learn; read more studies and freeze again",
                id=dataset.id[:SHORT],
            )
        )


def check_blobs(settings: Settings, dataset: FrozenDataset, *, by: str) -> None:
    """Reads every blob of the version once, the test side's too, which is written into the audit first.

    Raises:
        InputError: a blob is not what its hash says, is no grey PNG, or has another size than the grid.
        NotFound: an image or a blob is missing.
    """
    members = _members(dataset)
    _audit(settings, dataset, members, by)
    blobs = blobs_of(settings)
    for blob in _blobs(members, _tokens(settings)):
        _pixels(blobs, dataset, blob)


def _members(dataset: FrozenDataset) -> Sequence[Member]:
    """Raises: InputError: the manifest is not the one that has this name, or of a format not known here."""
    manifest, short = dataset.manifest, dataset.id[:SHORT]
    if name_of(manifest) != dataset.id:
        raise InputError(
            say(
                "the manifest of dataset version {id} was changed after it was frozen: its SHA-256 is no longer its "
                "id; restore it from a backup, or freeze a new version",
                id=short,
            )
        )
    if manifest.get("format") != FORMAT or manifest.get("split_rule") not in (PATIENT_RULE, STUDY_RULE):
        raise InputError(say("dataset version {id} is of an unknown format; freeze a new version", id=short))
    members: Sequence[Member] = manifest["members"]
    return members


def _check_patients(settings: Settings, dataset: FrozenDataset, members: Iterable[Member]) -> None:
    """Enough of them, each on one side, and the sequestered on no side that is learned from."""
    short = dataset.id[:SHORT]
    sides: dict[str, set[str]] = defaultdict(set)
    for member in members:
        sides[member["patient"]].add(member["split"])
    learned = {patient for patient, own in sides.items() if own & {*LEARNED}}
    if len(learned) < LEAST_PATIENTS:
        problem = say(
            "dataset version {id}: patients besides the test side: {count}, at least {least} are needed; read more "
            "studies and freeze again",
            id=short,
            count=len(learned),
            least=LEAST_PATIENTS,
        )
        raise InputError(problem)
    if any(len(own) > 1 for own in sides.values()):
        raise InputError(say("dataset version {id} has a patient on two sides; freeze a new version", id=short))
    with open_session(settings) as session:
        hidden = set(session.scalars(select(Patient.pseudonym).where(Patient.sequestered)))
    if dataset.manifest["split_rule"] == PATIENT_RULE and hidden & learned:
        raise Sequestered(
            say(
                "dataset version {id}: a patient of the frozen test set is on a side that is learned from; freeze a "
                "new version",
                id=short,
            )
        )


def _tokens(settings: Settings) -> dict[tuple[str, str, str], str]:
    """Patient, study and projection → the study's token."""
    chosen = select(Patient.pseudonym, Study.identifier, Image.projection, Study.token)
    with open_session(settings) as session:
        rows = session.execute(chosen.select_from(Image).join(Image.study).join(Study.patient))
        return {(patient, study, projection): token for patient, study, projection, token in rows}


def _blobs(members: Iterable[Member], tokens: Mapping[tuple[str, str, str], str]) -> Iterator[_Blob]:
    """Every blob with its place. Raises: NotFound: the image of a member is gone."""
    for member in members:
        for window, sha256 in sorted(member["sub_images"].items()):
            place = say("study {token}, {projection}, {window} window", **_where(member, tokens), window=window)
            yield _Blob(place, sha256)
        yield from _masks(member, tokens, sorted(member["masks"]))


def _masks(member: Member, tokens: Mapping[tuple[str, str, str], str], names: Iterable[str]) -> Iterator[_Blob]:
    for name in names:
        place = say("study {token}, {projection}, {mask} mask", **_where(member, tokens), mask=name)
        yield _Blob(place, member["masks"][name])


def _where(member: Member, tokens: Mapping[tuple[str, str, str], str]) -> dict[str, str]:
    token = tokens.get((member["patient"], member["study"], member["projection"]))
    if token is None:
        raise NotFound(
            say(
                "the {projection} image of a member is no longer stored; restore it from a backup",
                projection=member["projection"],
            )
        )
    return {"token": token, "projection": member["projection"]}


def _pixels(blobs: BlobStore, dataset: FrozenDataset, blob: _Blob) -> NDArray[np.uint8]:
    """`(1024, 256)` uint8 of a blob that is whole. Raises: InputError, NotFound: says what it is instead, and where."""
    try:
        content = blobs.get(blob.sha256)
    except NotFound:
        raise _missing(dataset, blob) from None
    if hashlib.sha256(content).hexdigest() != blob.sha256:
        raise InputError(
            say(
                "dataset version {id}, {place}: blob {sha256} is not what was stored; restore it from a backup",
                **_of(dataset, blob),
            )
        )
    try:
        pixels = decode_png(content)
    except (OSError, ValueError, SyntaxError):
        raise InputError(
            say("dataset version {id}, {place}: blob {sha256} is no PNG; freeze a new version", **_of(dataset, blob))
        ) from None
    if pixels.shape != GRID_SHAPE:
        raise InputError(
            say(
                "dataset version {id}, {place}: has {size} pixels instead of {grid}; freeze a new version",
                **_of(dataset, blob),
                size=" × ".join(map(str, pixels.shape)),
                grid=" × ".join(map(str, GRID_SHAPE)),
            )
        )
    return pixels


def _missing(dataset: FrozenDataset, blob: _Blob) -> NotFound:
    return NotFound(
        say("dataset version {id}, {place}: blob {sha256} is missing; restore it from a backup", **_of(dataset, blob))
    )


def _of(dataset: FrozenDataset, blob: _Blob) -> dict[str, str]:
    return {"id": dataset.id[:SHORT], "place": blob.place, "sha256": f"{blob.sha256[:SHORT]}…"}


def _audit(settings: Settings, dataset: FrozenDataset, members: Iterable[Member], by: str) -> None:
    hidden = sorted({member["patient"] for member in members if member["split"] == "test"})
    if hidden:
        with open_session(settings) as session:
            record(session, by, "sequestered references read", purpose="check", dataset=dataset.id, patients=hidden)
