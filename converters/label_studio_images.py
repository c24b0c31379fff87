"""One task of a Label Studio export → what each reader drew on each of its images."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from converters.drawn import Dialect, DrawnImage, Found, Origin, Waiting
from converters.errors import BadRegion, ConversionError, UnreadableFile
from converters.label_studio import Submission, layout_of, read_task
from converters.label_studio_entries import Reading
from converters.label_studio_said import Said
from converters.labelling_config import LabellingConfig, tag_of_page
from converters.labelme import EXCLUSIONS
from converters.picture_size import Size, checked_size, size_beside
from converters.regions import Kept
from converters.results import size_of

NOT_READINGS = {"skipped": "skipped readings", "draft": "drafts", "prediction": "predictions"}


def drawn_of_task(task: object, where: str, origin: Origin, folder: Path, dialect: Dialect) -> Found:
    """What one task, JSON-MIN record or webhook payload holds.

    An annotation is a reading of each image of its task that readers draw on. Which these are is known where the
    task shows one image, where the configuration is given or where somebody drew on it; else the image waits.

    Args:
        task: the parsed JSON.
        where: its place in the file, e.g. `[3]`, "" where it is the file.
        origin: the file.
        folder: where image files may lie, to see their size.
        dialect: how the file means what it says.

    Raises:
        UnreadableFile: none of these.
    """
    reading = Reading(origin.name, (), dialect.labels, dialect.keep_marks, any_tag=True)
    layout = layout_of(task, dialect.labelling_config, origin.name)
    return _Task(read_task(task, where, reading, layout), where, origin, folder, layout).found()


class _Task:
    def __init__(
        self, submissions: Sequence[Submission], where: str, origin: Origin, folder: Path, layout: LabellingConfig
    ) -> None:
        self.submissions = submissions
        self.where = where
        self.origin = origin
        self.folder = folder
        self.layout = layout
        self.sizes = {one.images[name]: size for one in submissions for name, size in one.sizes.items()}
        self.kinds: Counter[str] = Counter(one.kind for one in submissions)
        self.about = {id(one): [_about(said, one) for said in one.said] for one in submissions}

    def found(self) -> Found:
        drawn_on = {tag_of_page(name) for one in self.submissions for name in self._spoken_of(one)}
        images: list[DrawnImage] = []
        problems: list[ConversionError] = []
        waiting: list[Waiting] = []
        for submission, older in _that_count([one for one in self.submissions if one.kind == "annotation"]):
            placed: set[str | None] = set()
            for name in submission.images:
                drawable = self._is_drawable(tag_of_page(name), drawn_on, submission)
                if drawable is False:
                    continue
                drawn = self._drawn(submission, name, older)
                if drawable is None:
                    waiting.append(Waiting(tag_of_page(name), drawn))
                elif isinstance(drawn, DrawnImage):
                    images.append(drawn)
                    placed |= {name, None}
                else:
                    problems.append(drawn)
            homeless = [several for name, several in submission.problems_of.items() if name not in placed]
            problems += [problem for several in homeless for problem in several]
        return Found(tuple(images), tuple(problems), frozenset(drawn_on), tuple(waiting))

    def _is_drawable(self, tag: str, drawn_on: set[str], submission: Submission) -> bool | None:
        """Whether readers draw on the tag's images; None if only the rest of the file can tell."""
        if tag in drawn_on or len({tag_of_page(name) for name in submission.images}) == 1:
            return True
        return tag in self.layout.drawable if self.layout.drawable else None

    def _drawn(self, submission: Submission, name: str, older: Sequence[Submission]) -> DrawnImage | ConversionError:
        shown = submission.shown[name]
        try:
            size = self._size(submission, name)
        except UnreadableFile as error:
            place = f"{self.where}.{shown.place}".lstrip(".")
            return UnreadableFile(error.message, source=self.origin.name, field=place)
        about = zip(submission.said, self.about[id(submission)], strict=True)
        said = [one for one, names in about if names is None or name in names]
        chosen = [word for one in said if _may_exclude(one) for word in one.words]
        exclusion = next((word for word in EXCLUSIONS if word in chosen), None)
        problems = submission.problems_of
        return DrawnImage(
            origin=self.origin,
            stem=PurePosixPath(shown.file).stem,
            reader=None if submission.completed_by is None else str(submission.completed_by),
            image=shown.file,
            rows=size[0],
            columns=size[1],
            regions=submission.regions.get(name, ()),
            exclusion=exclusion,
            remarks=tuple(dict.fromkeys(_remarks(submission, name, said, exclusion))),
            notes=tuple(self._notes(submission, name, older)),
            marks=submission.marks.get(name, ()),
            kept=_kept(submission, name, said, exclusion),
            problems=(*problems.get(name, ()), *problems.get(None, ())),
        )

    def _spoken_of(self, submission: Submission) -> Iterator[str]:
        """Images that somebody drew on, or said something of by name."""
        yield from submission.sizes
        yield from (name for name in submission.problems_of if name is not None)
        for names in self.about[id(submission)]:
            yield from names or ()

    def _size(self, submission: Submission, name: str) -> Size:
        file = submission.images[name]
        said = submission.sizes.get(name) or self.sizes.get(file) or _size_in_meta(submission)
        return checked_size(said or size_beside(self.folder, file), self.origin.name)

    def _notes(self, submission: Submission, name: str, older: Sequence[Submission]) -> Iterator[str]:
        shown = submission.shown[name]
        if not self.layout.images and tag_of_page(name) != shown.key:
            yield f"{tag_of_page(name)!r} is taken for the task's only image, {shown.key!r}"
        yield from (note for about, note in submission.notes if about in (name, None))
        for one in older:
            yield (
                f"annotation {one.annotation} of the same reader, last changed {one.submitted}, is older than"
                f" {submission.annotation} and does not count"
            )
        for kind, words in NOT_READINGS.items():
            if self.kinds[kind]:
                yield f"{words} of the task, which are no readings: {self.kinds[kind]}"


def _size_in_meta(submission: Submission) -> Size | None:
    """The size that our own tasks say in their `meta`."""
    meta = submission.kept.get("task", {}).get("meta")
    if len(submission.images) > 1 or not isinstance(meta, dict):
        return None
    try:
        return size_of(meta)
    except BadRegion:
        return None


def _that_count(submitted: Sequence[Submission]) -> Iterator[tuple[Submission, list[Submission]]]:
    """Each reader's latest annotation, and the older ones; all of them where it is unclear whose or which."""
    by_reader: dict[int, list[Submission]] = {}
    for one in submitted:
        if one.completed_by is None:
            yield one, []
        else:
            by_reader.setdefault(one.completed_by, []).append(one)
    for several in by_reader.values():
        latest = _latest(several)
        if latest is None:
            yield from ((one, []) for one in several)
        else:
            yield latest, [one for one in several if one is not latest]


def _latest(several: Sequence[Submission]) -> Submission | None:
    if len(several) == 1:
        return several[0]
    times = [_time(one.submitted) for one in several]
    known = [time for time in times if time is not None]
    if len(known) < len(several) or known.count(max(known)) > 1:
        return None
    return several[known.index(max(known))]


def _time(text: str | None) -> datetime | None:
    try:
        time = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _about(said: Said, submission: Submission) -> frozenset[str] | None:
    """The images that an entry is about, None for all of the task: a control `posterior_…` is about `posterior`."""
    if said.image is not None:
        return frozenset({said.image})
    named = [name for name in submission.images if said.control.startswith(f"{tag_of_page(name)}_")]
    longest = max((len(tag_of_page(name)) for name in named), default=0)
    return frozenset(name for name in named if len(tag_of_page(name)) == longest) or None


def _remarks(submission: Submission, name: str, said: Sequence[Said], exclusion: str | None) -> Iterator[str]:
    for one in said:
        words = [word for word in one.words if not (_may_exclude(one) and word == exclusion)]
        yield from (f"{one.control}: {word}" for word in words)
    for shape in (submission.regions.get(name, ()), submission.marks.get(name, ())):
        if any(_has_text(one.kept) for one in shape):
            yield "note: a text"
    yield from (relation.remark for relation in submission.relations.get(name, ()))


def _may_exclude(said: Said) -> bool:
    return said.kind == "choices" and said.shape is None


def _has_text(kept: Kept) -> bool:
    meta = kept.get("meta")
    return isinstance(meta, dict) and bool(meta.get("text"))


def _kept(submission: Submission, name: str, said: Sequence[Said], exclusion: str | None) -> Kept:
    kept = {**submission.kept, "reference": submission.shown[name].reference}
    further = [one for one in said if one.shape is None and not (_may_exclude(one) and one.words == (exclusion,))]
    relations = submission.relations.get(name, ())
    if further:
        kept["said"] = [one.entry for one in further]
    if relations:
        kept["relations"] = [dict(one.entry) for one in relations]
    return kept
