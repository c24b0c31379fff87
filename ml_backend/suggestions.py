"""What a reader gets to see of the model: one answer per task, in order, and nothing on a blind case."""

import logging
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from backend.errors import ImageUnknown, ScintiloopError
from backend.jobs.steps.predict_stored import NO_CHAMPION, champion_predictor, predict_image
from backend.labelstudio.layout import STUDY_KEY, file_name, image_name
from backend.preannotation.suggest import blind_prediction_dict, prediction_dict, suggested
from backend.records import Prediction, Projection
from backend.settings import Settings
from backend.store.session import open_session
from backend.store.tables import Assignment, Patient, Reader, Study
from backend.worklist.order import shown_token
from backend.worklist.shown import Shown, record_shown

if TYPE_CHECKING:
    from backend.model.inference import Predictor

log = logging.getLogger(__name__)

KEPT_ANSWERS = 2048
QUERY_TOKENS = 500


@dataclass(frozen=True)
class StoredImage:
    """A projection and the hashes of its sub-images."""

    projection: Projection
    image_id: int
    sub_images: tuple[str | None, str | None]


Images = tuple[StoredImage, ...]


@dataclass(frozen=True)
class Answer:
    """The model's outlines of one study: as Label Studio takes them, and by image for the record."""

    document: dict[str, Any]
    shown: Shown


@dataclass(frozen=True)
class Place:
    """A study on the worklist of the reader who asks; `open_to_model` only where the reader is assisted."""

    assignment_id: int
    open_to_model: bool
    images: Images


class Suggestions:
    """Answers `/predict` from the champion of the moment; studies already answered by it are kept in memory."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._kept: OrderedDict[tuple[str, Images], Answer] = OrderedDict()
        self._keeping = threading.Lock()

    def answer(self, project: int | None, tasks: Sequence[object], *, prompt: object = None) -> list[dict[str, Any]]:
        """One prediction per task, in the order of the tasks.

        A task that is malformed, unknown or not (any longer) the reader's, a blind one, and a prompt get an empty
        result, because Label Studio drops the whole round for a missing item. Nothing tells these apart, so that a
        blind case does not say why it is blind.

        Args:
            project: Label Studio's project, which says who the reader is.
            tasks: as Label Studio sends them.
            prompt: the reader's interactive prompt, if any.
        """
        predictor = champion_predictor(self._settings)
        version = predictor.version if predictor else NO_CHAMPION
        places = self._places(project, [token for task in tasks if (token := _token(task))])
        found: list[tuple[int, Answer] | None] = []
        for task in tasks:
            one = None
            try:
                place = _place_of(task, places)
                if place.open_to_model and predictor and prompt is None:
                    one = place.assignment_id, self._suggest(predictor, place.images)
            except ScintiloopError as error:
                log.error("predict, task %s: %s", _identifier(task), error)
            found.append(one)
        # noted before anything is answered; what may not be noted may not be seen
        noted = record_shown(self._settings, {one[0]: one[1].shown for one in found if one}, version)
        return [one[1].document if one and one[0] in noted else blind_prediction_dict(version) for one in found]

    def _suggest(self, predictor: "Predictor", images: Images) -> Answer:
        """The model's outlines of one study, from memory where this version has answered before.

        Raises:
            ScintiloopError: a projection cannot be predicted.
        """
        key = (predictor.version, images)
        with self._keeping:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        predictions: dict[Projection, Prediction] = {}
        for image in images:
            prediction = predict_image(self._settings, image.image_id, predictor)
            if prediction is not None:
                predictions[image.projection] = prediction
        shown = {
            image.image_id: suggested(predictions[image.projection])
            for image in images
            if image.projection in predictions
        }
        answer = Answer(prediction_dict(predictions, predictor.version), shown)
        with self._keeping:
            self._kept[key] = answer
            if len(self._kept) > KEPT_ANSWERS:
                self._kept.popitem(last=False)
        return answer

    def _places(self, project: int | None, tokens: Sequence[str]) -> dict[str, Place]:
        """The studies of these tokens that are on the asking reader's worklist, by token."""
        found: dict[str, Place] = {}
        with open_session(self._settings) as session:
            reader = session.scalars(select(Reader).where(Reader.label_studio_project == project)).first()
            if project is None or reader is None:
                log.error("predict: project %s is no reader's", project)
                return found
            for start in range(0, len(tokens), QUERY_TOKENS):
                found |= _assigned(session, reader.id, tokens[start : start + QUERY_TOKENS])
        return found


def _assigned(session: Session, reader_id: int, tokens: Sequence[str]) -> dict[str, Place]:
    """What stands on the reader's worklist under these names; a hidden repeat by its alias, and by that alone."""
    named = or_(and_(Study.token.in_(tokens), Assignment.token.is_(None)), Assignment.token.in_(tokens))
    chosen = select(Assignment, Study, Patient).join(Assignment.study).join(Study.patient).where(named)
    rows = session.execute(chosen.where(Assignment.reader_id == reader_id, Assignment.released.is_(None)))
    return {
        shown_token(assignment): Place(
            assignment.id,
            _is_open(assignment, study, patient),
            tuple(
                StoredImage(cast(Projection, image.projection), image.id, (image.low_sha256, image.high_sha256))
                for image in study.images
            ),
        )
        for assignment, study, patient in rows
    }


def _is_open(assignment: Assignment, study: Study, patient: Patient) -> bool:
    hidden = patient.sequestered or study.control or assignment.purpose == "repeat"
    return assignment.exposure == "assisted" and not hidden


def _place_of(task: object, places: Mapping[str, Place]) -> Place:
    """Raises: ImageUnknown: the task is no study of this reader, or shows other files than the study's."""
    token = _token(task)
    place = places.get(token) if token else None
    if token is None or place is None:
        raise ImageUnknown("no study on this reader's worklist has this token", field=f"data.{STUDY_KEY}")
    data = cast(dict[str, Any], task)["data"]
    for image in place.images:
        key = image_name(image.projection, "low")
        if _file_named(data.get(key)) != file_name(token, image.projection, "low"):
            raise ImageUnknown("this is not the study's own image; export the worklist again", field=f"data.{key}")
    return place


def _token(task: object) -> str | None:
    data = task.get("data") if isinstance(task, dict) else None
    token = data.get(STUDY_KEY) if isinstance(data, dict) else None
    return token if isinstance(token, str) else None


def _file_named(url: object) -> str | None:
    """Last component of the file behind `/data/local-files/?d=…` or of a plain path."""
    if not isinstance(url, str):
        return None
    parts = urlsplit(url)
    path = parse_qs(parts.query).get("d", [parts.path])[0]
    return path.rsplit("/", maxsplit=1)[-1]


def _identifier(task: object) -> object:
    identifier = task.get("id") if isinstance(task, dict) else None
    return identifier if isinstance(identifier, int) else "without an id"
