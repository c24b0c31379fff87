"""A Label Studio document (export, task, webhook) → readings, two for each task of a whole study."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from backend.errors import InputError, ReadingError
from backend.readings.certify import Provenance, certificate_of
from backend.readings.origin import Origin
from backend.readings.readers import ReaderLookup, projects_in
from backend.readings.receipt import Receipt, refusal
from backend.readings.repeats import is_repeat
from backend.readings.seal import Arrival, Submitted, is_known, seal
from backend.readings.settle import TakenBack
from backend.readings.task_images import TaskImage, check_problems, exclusion_of, images_of, regions_of, unreadable
from backend.settings import Settings
from backend.store.blobs import vault_of
from backend.store.session import open_session
from converters.document import parse_json
from converters.errors import ConversionError
from converters.label_studio import Submission, read_export


@dataclass(frozen=True)
class _Found:
    """A submission whose reader and images are known."""

    submission: Submission
    reader_id: int
    origin: Origin
    source: str
    images: tuple[TaskImage, ...]
    repeated: int
    repeat: bool = False
    """Its task is a hidden repeat."""


def receive_label_studio(
    settings: Settings,
    content: bytes,
    *,
    source: str,
    reader: str | None = None,
    live: bool = False,
    submitted: datetime | None = None,
) -> Receipt:
    """Seals every reading in a Label Studio document; what is refused is named in the receipt, the rest goes on.

    An annotation is a reading of each image of its task, also of those it says nothing about: no findings. Drafts,
    predictions and skipped tasks are none.

    Args:
        content: the JSON as it arrived.
        source: its name for messages.
        reader: whose annotations they are, where `completed_by` does not say.
        live: it comes from this home's own server, so that annotation numbers can be taken back later.
        submitted: time of submissions that carry none, e.g. the file's; now where empty.

    Raises:
        NotFound: no reader of that name.
    """
    try:
        document = parse_json(content, source)
    except ConversionError as error:
        return Receipt(errors=(refusal((error,), source),))
    submissions, problems = read_export(document, source)
    errors: list[InputError] = [*unreadable(problems, source)]
    users = [entry.completed_by for entry in submissions if entry.kind in ("annotation", "skipped")]
    found: list[_Found] = []
    with open_session(settings) as session:
        lookup = ReaderLookup(session, users, projects_in(document), reader)
        finder = _Finder(session, settings, lookup, live, submitted or datetime.now(UTC))
        for submission in submissions:
            if submission.kind in ("annotation", "skipped"):
                try:
                    found.append(finder.find(submission, f"{source}, {_name(submission)}", errors))
                except InputError as error:
                    errors.append(error)
    sha256 = hashlib.sha256(content).hexdigest()
    arrivals = [_arrival(entry, document, sha256, errors) for entry in found]
    if any(arrival.submitted for arrival in arrivals):
        vault_of(settings).put(content)
    passed_over = sum(entry.kind != "annotation" for entry in submissions)
    repeated = sum(entry.repeated for entry in found)
    return seal(settings, arrivals) + Receipt(repeated=repeated, passed_over=passed_over, errors=tuple(errors))


def origin_of(submission: Submission, live: bool, otherwise: datetime, source: str) -> Origin:
    """Raises: ReadingError: the time of the submission is no ISO 8601 time."""
    time = otherwise
    if submission.submitted is not None:
        try:
            time = datetime.fromisoformat(submission.submitted)
        except ValueError:
            message = f"{submission.submitted!r} is no ISO 8601 time"
            raise ReadingError(message, source=source, field="updated_at") from None
    time = time if time.tzinfo else time.replace(tzinfo=UTC)
    name = f"{submission.task or 0}:{submission.annotation or 0}"
    return Origin("label-studio" if live else "label-studio-export", name, time)


@dataclass(frozen=True)
class _Finder:
    """Looks up readers and images of submissions, in one transaction."""

    session: Session
    settings: Settings
    readers: ReaderLookup
    live: bool
    otherwise: datetime

    def find(self, submission: Submission, source: str, errors: list[InputError]) -> _Found:
        reader_id = self.readers.find(submission.completed_by, source, "completed_by").id
        origin = origin_of(submission, self.live, self.otherwise, source)
        if submission.kind == "skipped":
            return _Found(submission, reader_id, origin, source, (), 0)
        images, refused = images_of(self.session, self.settings, submission, source)
        errors += refused
        repeat = is_repeat(self.session, reader_id, submission.images.values(), source)
        new = tuple(image for image in images if not is_known(self.session, reader_id, image.image_id, origin))
        return _Found(submission, reader_id, origin, source, new, len(images) - len(new), repeat)


def _arrival(found: _Found, document: object, sha256: str, errors: list[InputError]) -> Arrival:
    submission = found.submission
    if submission.kind == "skipped":
        skipped = found.origin.is_live and submission.annotation is not None
        taken = TakenBack(submission.annotation or 0, found.origin.submitted)
        return Arrival(found.reader_id, taken_back=(taken,) if skipped else ())
    submitted = []
    for image in found.images:
        try:
            check_problems(image, submission, document, found.source)
            submitted.append(_submitted(found, image, sha256))
        except InputError as error:
            errors.append(error)
    return Arrival(found.reader_id, tuple(submitted))


def _submitted(found: _Found, image: TaskImage, sha256: str) -> Submitted:
    regions = regions_of(image, found.submission, found.source)
    return Submitted(
        image_id=image.image_id,
        origin=found.origin,
        regions=regions,
        exclusion=exclusion_of(image, found.submission.choices),
        seconds=found.submission.seconds,
        arrived_sha256=sha256,
        certificate=certificate_of(regions, Provenance(sha256, "label-studio"), found.source),
        repeat=found.repeat,
    )


def _name(submission: Submission) -> str:
    return f"task {submission.task}, annotation {submission.annotation}"
