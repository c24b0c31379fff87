"""A dataset version brought back: as members to train and score on, or as a folder of files.

Whatever touches the reference of a sequestered patient is written into the audit first.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, cast

from sqlalchemy import select

from backend.datasets.freeze import FrozenDataset, find
from backend.datasets.manifest import canonical
from backend.errors import NotFound
from backend.labelstudio.layout import file_name
from backend.records import Exposure, LabelMasks, Member, Split, Visit, Window
from backend.settings import Settings
from backend.store.audit import record
from backend.store.blobs import BlobStore, blobs_of
from backend.store.folders import new_folder
from backend.store.images import decode_png
from backend.store.masks import load_mask
from backend.store.session import open_session
from backend.store.tables import Image, Patient, Study
from converters.grid import GridTransform

Place = tuple[str, str, str]
"""Patient, study, projection."""


def load_samples(settings: Settings, dataset_id: str, split: Split, *, by: str = "scintiloop") -> list[Member]:
    """The members of one side of a dataset version, as they were frozen.

    Args:
        split: `train`, `validation` or `test`.
        by: who reads, for the audit.

    Raises:
        NotFound: the version, an image or a blob is missing.
    """
    dataset = find(settings, dataset_id)
    chosen = [member for member in dataset.manifest["members"] if member["split"] == split]
    images = _images(settings, chosen)
    _audit(settings, dataset, images.values(), by)
    blobs = blobs_of(settings)
    return [_member(blobs, member, images[_place(member)]) for member in chosen]


def export(settings: Settings, dataset_id: str, directory: Path, *, by: str = "scintiloop") -> int:
    """Writes a dataset version into a new folder; returns the number of members.

    `manifest.json` is the canonical manifest (its SHA-256 is the version's id), `files.json` names each member's files:
    sub-images and masks (0 or 255) as PNG on the normalised grid, named by the study's token.

    Raises:
        NotFound: the version, an image or a blob is missing.
        Refused: the folder holds something already.
    """
    dataset = find(settings, dataset_id)
    members = dataset.manifest["members"]
    images = _images(settings, members)
    with new_folder(directory) as folder:
        _audit(settings, dataset, images.values(), by)
        _write(blobs_of(settings), dataset, images, folder)
    return len(members)


def _write(blobs: BlobStore, dataset: FrozenDataset, images: dict[Place, Image], directory: Path) -> None:
    for folder in ("images", "masks"):
        (directory / folder).mkdir()
    listing = []
    for member in dataset.manifest["members"]:
        files = _files(member, images[_place(member)].study.token)
        for name, sha256 in files.items():
            (directory / name).write_bytes(blobs.get(sha256))
        listing.append({key: member[key] for key in ("patient", "study", "projection", "split")} | {"files": [*files]})
    (directory / "files.json").write_text(json.dumps(listing, indent=1, ensure_ascii=False), encoding="utf-8")
    (directory / "manifest.json").write_bytes(canonical(dataset.manifest))


def _files(member: dict[str, Any], token: str) -> dict[str, str]:
    """Path below the folder → hash of the blob."""
    projection = member["projection"]
    images = {f"images/{file_name(token, projection, window)}": sha for window, sha in member["sub_images"].items()}
    masks = {f"masks/{token}_{projection}.{name}.png": sha for name, sha in member["masks"].items()}
    return images | masks


def _images(settings: Settings, members: Sequence[dict[str, Any]]) -> dict[Place, Image]:
    """The stored images of the members, with study and patient loaded.

    Raises:
        NotFound: an image is gone.
    """
    chosen = select(Image, Study, Patient).join(Image.study).join(Study.patient)
    with open_session(settings) as session:
        rows = session.execute(chosen)
        stored = {(patient.pseudonym, study.identifier, image.projection): image for image, study, patient in rows}
        images = {place: stored[place] for place in map(_place, members) if place in stored}
        for image in images.values():
            _ = image.study.patient
    if missing := [place for place in map(_place, members) if place not in images]:
        raise NotFound(f"the {missing[0][2]} image of study {missing[0][1]} is missing; restore it from a backup")
    return images


def _audit(settings: Settings, dataset: FrozenDataset, images: Iterable[Image], by: str) -> None:
    hidden = sorted(image.id for image in images if image.study.patient.sequestered)
    if hidden:
        with open_session(settings) as session:
            record(session, by, "sequestered references read", purpose="load", dataset=dataset.id, images=hidden)


def _member(blobs: BlobStore, member: dict[str, Any], image: Image) -> Member:
    study, masks = image.study, {name: load_mask(blobs, sha256) for name, sha256 in member["masks"].items()}
    visit = Visit(
        study.patient.pseudonym,
        study.identifier,
        study.date,
        study.age,
        study.patient.sex,
        study.primary,
        study.site,
        study.metastasis,
    )
    scale = GridTransform.fit(image.rows, image.columns).scale
    return Member(
        visit,
        member["projection"],
        member["split"],
        {cast(Window, window): decode_png(blobs.get(sha256)) for window, sha256 in member["sub_images"].items()},
        LabelMasks(masks["metastasis"], masks["bladder"], masks.get("ignored")),
        image.pixel_mm / scale if image.pixel_mm is not None else None,
        cast(tuple[Exposure, ...], tuple(member["exposure"])),
        image.id,
    )


def _place(member: dict[str, Any]) -> Place:
    return (member["patient"], member["study"], member["projection"])
