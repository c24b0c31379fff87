"""From a model version down to the readings that it learned from: every link by its hash.

The test side is no part of what a model learned; of it the lineage tells how many projections it has, nothing else, so
that no sequestered reference is read for it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.datasets.check import LEARNED
from backend.model.card import card_digest
from backend.promotion.registry import find_model
from backend.promotion.whole import why_not_whole
from backend.settings import Settings
from backend.store.blobs import blobs_of
from backend.store.session import open_session
from backend.store.tables import DatasetVersion, Image, ModelVersion, Patient, Reader, Reading, Reference, Run, Study

Json = dict[str, Any]
MASKS = ("metastasis", "bladder", "ignored")


def model_lineage(settings: Settings, model_id: str) -> Json:
    """Where a model version comes from.

    Returns:
        `chain`: the model version, then what it started from, and so on back to its first weights: each with its run,
        recipe and dataset version. `references`: what the model version itself learned from, each with the readings it
        was made from. `readings`: how many, by reader and by exposure. `changed`: what of the model version is no
        longer as it was stored, None where it is whole.

    Raises:
        NotFound: no such model version.
    """
    with open_session(settings) as session:
        model = find_model(session, model_id)
        dataset = session.get(DatasetVersion, model.dataset_id) if model.dataset_id else None
        chain = _chain(session, model)
        references = _references(session, dataset.manifest["members"]) if dataset else []
    return {
        "model": model.id,
        "weights_sha256": model.weights_sha256,
        "card_sha256": card_digest(model.card),
        "changed": why_not_whole(blobs_of(settings), model),
        "chain": chain,
        "references": references,
        "readings": _counted(references),
    }


def _chain(session: Session, model: ModelVersion) -> list[Json]:
    """Newest first; the last link says what the first weights were."""
    links: list[Json] = []
    seen: set[str] = set()
    following: ModelVersion | None = model
    told: Json = model.card.get("lineage") or {}
    while following is not None and following.id not in seen:
        seen.add(following.id)
        told = following.card.get("lineage") or {}
        links.append(_link(session, following))
        following = session.get(ModelVersion, str(told.get("version")))
    while told := told.get("of") or {}:
        links.append(_from_outside(told))
    return links


def _link(session: Session, model: ModelVersion) -> Json:
    run = session.get(Run, model.run_id) if model.run_id else None
    dataset = session.get(DatasetVersion, model.dataset_id) if model.dataset_id else None
    told = model.card.get("lineage") or {}
    return {
        "model": model.id,
        "created": model.created.isoformat(),
        "code_version": model.code_version,
        "encoder": model.card.get("architecture", {}).get("encoder"),
        "run": _run(run) if run else None,
        "recipe": model.card.get("recipe"),
        "dataset": _dataset(dataset) if dataset else None,
        "start": told.get("start"),
        "start_weights_sha256": told.get("weights"),
    }


def _from_outside(told: Json) -> Json:
    """A link that only the card of its descendant knows of."""
    empty = dict.fromkeys(("model", "created", "code_version", "encoder", "run", "recipe", "dataset"))
    return empty | {"start": told.get("start"), "start_weights_sha256": told.get("weights")}


def _run(run: Run) -> Json:
    return {
        "run": run.id,
        "requested_by": run.requested_by,
        "options": run.options,
        "ended": run.ended.isoformat() if run.ended else None,
    }


def _dataset(dataset: DatasetVersion) -> Json:
    members = dataset.manifest["members"]
    return {
        "id": dataset.id,
        "created": dataset.created.isoformat(),
        "split_rule": dataset.manifest.get("split_rule"),
        "projections": dict(Counter(member["split"] for member in members)),
        "patients": dict(Counter(side for _, side in {(member["patient"], member["split"]) for member in members})),
    }


def _references(session: Session, members: Iterable[Mapping[str, Any]]) -> list[Json]:
    """The references of the sides that a model learns from, in the manifest's order."""
    learned = [member for member in members if member["split"] in LEARNED]
    images = _images(session, {member["patient"] for member in learned})
    rows = _reference_rows(session, [image.id for image, _ in images.values()])
    readings = _readings(session, rows.values())
    found = []
    for member in learned:
        image, token = images.get((member["patient"], member["study"], member["projection"]), (None, None))
        row = rows.get((image.id, *_hashes(member["masks"]))) if image else None
        found.append(
            {
                "study": token,
                "projection": member["projection"],
                "split": member["split"],
                "reference_sha256": member["reference_sha256"],
                "status": member["status"],
                "rule": row.rule if row else None,
                "readings": [readings[id_] for id_ in _made_from(row) if id_ in readings] if row else [],
            }
        )
    return found


def _images(session: Session, patients: Iterable[str]) -> dict[tuple[str, str, str], tuple[Image, str]]:
    chosen = select(Image, Study, Patient.pseudonym).join(Image.study).join(Study.patient)
    wanted = set(patients)
    return {
        (pseudonym, study.identifier, image.projection): (image, study.token)
        for image, study, pseudonym in session.execute(chosen)
        if pseudonym in wanted
    }


def _reference_rows(session: Session, image_ids: Iterable[int]) -> dict[tuple[Any, ...], Reference]:
    """Image and hashes of the masks → the newest reference that says so."""
    wanted = set(image_ids)
    rows = session.scalars(select(Reference).order_by(Reference.id))
    return {
        (row.image_id, row.metastasis_sha256, row.bladder_sha256, row.ignored_sha256): row
        for row in rows
        if row.image_id in wanted
    }


def _hashes(masks: Mapping[str, str]) -> tuple[str | None, ...]:
    return tuple(masks.get(name) for name in MASKS)


def _made_from(reference: Reference) -> list[int]:
    ids = (reference.reading_a, reference.reading_b, *(reference.further_readings or []))
    return [id_ for id_ in ids if id_ is not None]


def _readings(session: Session, references: Iterable[Reference]) -> dict[int, Json]:
    wanted = {id_ for reference in references for id_ in _made_from(reference)}
    rows = session.execute(select(Reading, Reader.name).join(Reading.reader))
    return {
        reading.id: {
            "reader": name,
            "exposure": reading.exposure,
            "shown_model": reading.shown_model,
            "submitted": reading.submitted.isoformat(),
            "regions_sha256": reading.regions_sha256,
            "arrived_sha256": reading.arrived_sha256,
        }
        for reading, name in rows
        if reading.id in wanted
    }


def _counted(references: list[Json]) -> Json:
    readings = [reading for reference in references for reading in reference["readings"]]
    return {
        "readings": len(readings),
        "by_reader": dict(sorted(Counter(reading["reader"] for reading in readings).items())),
        "by_exposure": dict(sorted(Counter(reading["exposure"] for reading in readings).items())),
        "references": dict(sorted(Counter(reference["status"] for reference in references).items())),
    }
