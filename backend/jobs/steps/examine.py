"""Models on the sequestered cases of a dataset version; each look is written down, and none is taken twice."""

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import func, select

from backend.datasets.load import load_samples
from backend.evaluation.evaluate import evaluate
from backend.evaluation.html import to_html
from backend.evaluation.report import FORMAT, build_report
from backend.evaluation.score import Case
from backend.evaluation.scores import Score
from backend.jobs.steps.verdict import evaluation_of
from backend.model.inference import Predictor
from backend.promotion.registry import find_model
from backend.promotion.whole import weights_of
from backend.records import Exposure, LabelMasks, Member
from backend.settings import Settings
from backend.store.audit import record
from backend.store.blobs import blobs_of
from backend.store.readings import counting_readings, reading_masks
from backend.store.sealed import current_reference
from backend.store.session import open_session
from backend.store.tables import Evaluation, Image


def examine(settings: Settings, model_id: str, dataset_id: str, *, by: str) -> Evaluation:
    """The evaluation of a model on a dataset version's test side, made now unless it was made before in this format.

    Raises:
        NotFound: no such model or dataset version, or a blob is missing.
        InputError: the version has no test case, or the model version was changed since it was stored.
    """
    known = evaluation_of(settings, model_id, dataset_id)
    if known and known.report.get("format") == FORMAT:
        return known
    with open_session(settings) as session:
        model = find_model(session, model_id)
        looks = 1 + (session.scalar(select(func.count(Evaluation.id))) or 0)
    blobs = blobs_of(settings)
    predictor = Predictor.load(weights_of(blobs, model), model.card, model_id)
    scores = evaluate(_cases(settings, dataset_id, by), predictor, blobs.put)
    return _keep(settings, build_report(scores, model_id, dataset_id, looks), scores, by)


def _keep(settings: Settings, report: dict[str, Any], scores: list[Score], by: str) -> Evaluation:
    blobs = blobs_of(settings)
    row = Evaluation(
        model_id=report["model"],
        dataset_id=report["dataset"],
        report=report,
        scores_sha256=blobs.put(json.dumps(scores, sort_keys=True).encode()),
        html_sha256=blobs.put(to_html(report, blobs.get).encode()),
    )
    with open_session(settings) as session:
        session.add(row)
        record(session, by, "test set looked at", model=report["model"], dataset=report["dataset"])
    return row


def _cases(settings: Settings, dataset_id: str, by: str) -> Iterator[Case]:
    for member in load_samples(settings, dataset_id, "test", by=by):
        yield _case(settings, member)


def _case(settings: Settings, member: Member) -> Case:
    readings: dict[str, LabelMasks] = {}
    exposures: dict[str, Exposure] = {}
    blobs = blobs_of(settings)
    with open_session(settings) as session:
        token = session.get_one(Image, member.image_id).study.token
        rows = [(row, row.reader.name) for row in counting_readings(session, member.image_id) if not row.exclusion]
        reference = current_reference(session, member.image_id)
    makers = {reference.reading_a, reference.reading_b} if reference else set()
    for row, name in rows:
        readings[name] = reading_masks(blobs, row)
        exposures[name] = "assisted" if row.exposure == "assisted" else "blind"
    return Case(
        patient=member.visit.patient,
        study=token,
        projection=member.projection,
        age=member.visit.age,
        truth_call=member.visit.metastasis,
        sub_images=member.sub_images,
        reference=member.masks,
        readings=readings,
        exposures=exposures,
        contributed=frozenset(name for row, name in rows if row.id in makers),
        seconds={name: row.seconds for row, name in rows},
        made_from=member.exposure,
        pixel_mm=member.pixel_mm,
        names={"sex": member.visit.sex, "primary": member.visit.primary, "site": member.visit.site},
    )
