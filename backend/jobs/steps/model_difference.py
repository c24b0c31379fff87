"""Two model versions side by side: what they are made of, what they learned from, what they do on the same cases."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.datasets.check import LEARNED
from backend.errors import WrongState
from backend.jobs.steps.verdict import compare, dice_rows, evaluated_alike
from backend.jobs.steps.versions import origin
from backend.promotion.registry import find_model
from backend.settings import Settings
from backend.store.session import open_session
from backend.store.tables import DatasetVersion, Evaluation, ModelVersion, Patient, Study

Json = dict[str, Any]
PARTS = ("architecture", "recipe", "thresholds", "calibration")
"""Of the card; the rest of it is where the model comes from."""
Place = tuple[str, str, str]
"""Patient, study, projection."""


def difference(settings: Settings, a: str, b: str, *, by: str) -> Json:
    """`a` against `b`, measured now where they were not measured on the same test cases yet.

    The test cases are those of `a`'s dataset version, else of `b`'s, else of the newest.

    Raises:
        NotFound: no such model version.
        WrongState: no dataset version is frozen yet.
        InputError: a model version was changed since it was stored.
    """
    from backend.jobs.steps.examine import examine  # noqa: PLC0415 (loads torch)

    with open_session(settings) as session:
        first, second = find_model(session, a), find_model(session, b)
        newest = session.scalars(select(DatasetVersion.id).order_by(DatasetVersion.created.desc()).limit(1)).first()
    dataset_id = first.dataset_id or second.dataset_id or newest
    if dataset_id is None:
        raise WrongState("no dataset version is frozen yet to compare on; `scintiloop dataset freeze` makes one")
    pair = (examine(settings, a, dataset_id, by=by), examine(settings, b, dataset_id, by=by))
    return _document(settings, first, second) | _measured(settings, *pair)


def known_difference(settings: Settings, a: str, b: str) -> Json:
    """As `difference`, from evaluations that were made before: `dataset` and all figures are None where there are none.

    Raises:
        NotFound: no such model version.
    """
    with open_session(settings) as session:
        first, second = find_model(session, a), find_model(session, b)
    pair = evaluated_alike(settings, a, b)
    return _document(settings, first, second) | (_measured(settings, *pair) if pair else NOT_MEASURED)


NOT_MEASURED: Json = {
    "dataset": None,
    "verdict": None,
    "reason": None,
    "differences": {},
    "figures": {},
    "patients": {},
    "checks": [],
}


def _measured(settings: Settings, ours: Evaluation, theirs: Evaluation) -> Json:
    verdict = compare(settings, ours, theirs)
    rows = dice_rows(ours, theirs, verdict)
    called = {"a": ours.report.get("patients", {}), "b": theirs.report.get("patients", {})}
    return {
        "dataset": ours.dataset_id,
        "verdict": verdict.name,
        "reason": verdict.reason,
        "differences": {name: figure.to_json() for name, figure in verdict.differences.items()},
        "figures": {
            label: {"a": row["challenger"], "b": row["champion"], "difference": row["difference"]}
            for label, row in rows.items()
        },
        "patients": {name: {"a": called["a"][name], "b": called["b"].get(name)} for name in called["a"]},
        "checks": [check.to_json() for check in verdict.checks],
    }


def _document(settings: Settings, first: ModelVersion, second: ModelVersion) -> Json:
    with open_session(settings) as session:
        training = _training(session, first, second)
    return {
        "a": origin(first),
        "b": origin(second),
        **{part: changes(first.card.get(part), second.card.get(part)) for part in PARTS},
        "training": training,
    }


def card_parts(card: Json) -> Json:
    """What a model is made of: dotted name → value."""
    return _flat({part: card.get(part) for part in PARTS})


def changes(a: Any, b: Any) -> list[Json]:
    """What differs between two parts of a card: dotted name, value in `a`, value in `b`; None where there is none."""
    one, other = _flat(a), _flat(b)
    return [
        {"name": name, "a": one.get(name), "b": other.get(name)}
        for name in sorted(one.keys() | other.keys())
        if one.get(name) != other.get(name)
    ]


def _flat(document: Any, name: str = "") -> Json:
    if not isinstance(document, dict):
        return {} if document is None else {name: document}
    return {
        key: value
        for own, inner in document.items()
        for key, value in _flat(inner, f"{name}.{own}" if name else own).items()
    }


def _training(session: Session, first: ModelVersion, second: ModelVersion) -> Json:
    """What `a` learned from and `b` did not, and the other way round; `redrawn` is in both under another hash."""
    ours, theirs = (_learned(session, model) for model in (first, second))
    tokens = _tokens(session, ours.keys() ^ theirs.keys() | {at for at in ours if ours[at] != theirs.get(at)})
    both = sorted(ours.keys() & theirs.keys())
    return {
        "shared": sum(ours[at] == theirs[at] for at in both),
        "added": [_member(at, ours, tokens) for at in sorted(ours.keys() - theirs.keys())],
        "removed": [_member(at, theirs, tokens) for at in sorted(theirs.keys() - ours.keys())],
        "redrawn": [_member(at, ours, tokens) | {"before": theirs[at]} for at in both if ours[at] != theirs[at]],
    }


def _learned(session: Session, model: ModelVersion) -> dict[Place, str]:
    """Place → hash of the reference, of the sides that a model learns from."""
    dataset = session.get(DatasetVersion, model.dataset_id) if model.dataset_id else None
    return {
        (member["patient"], member["study"], member["projection"]): member["reference_sha256"]
        for member in (dataset.manifest["members"] if dataset else ())
        if member["split"] in LEARNED
    }


def _tokens(session: Session, places: set[Place]) -> dict[tuple[str, str], str]:
    if not places:
        return {}
    rows = session.execute(select(Patient.pseudonym, Study.identifier, Study.token).join(Study.patient))
    return {(pseudonym, identifier): token for pseudonym, identifier, token in rows}


def _member(place: Place, references: Mapping[Place, str], tokens: Mapping[tuple[str, str], str]) -> Json:
    patient, study, projection = place
    return {
        "study": tokens.get((patient, study)),
        "projection": projection,
        "reference_sha256": references[place],
    }
