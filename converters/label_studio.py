"""Label Studio's JSON: exports, single tasks, webhook payloads and JSON-MIN, read into submissions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from converters.errors import ConversionError, UnreadableFile
from converters.label_studio_entries import Entries, Reading, read_entries
from converters.label_studio_min import entries_of_record, is_record
from converters.label_studio_relations import Relation
from converters.label_studio_said import Said
from converters.label_studio_write import to_results
from converters.labelling_config import LabellingConfig, ShownImage, images_shown, read_config
from converters.outlines import shortened
from converters.regions import Kept, Labels, Mark, Region

__all__ = ["Submission", "SubmissionKind", "layout_of", "read_export", "read_task", "to_results"]

SubmissionKind = Literal["annotation", "skipped", "draft", "prediction"]

READINGS = ("annotations", "completions", "annotation")
"""Keys of a task under which readings stand; the second is of old versions, the third of webhooks."""
HOLDERS = (*READINGS, "drafts", "predictions")
"""Keys of a task under which submissions stand."""

LONGEST_SECONDS = 10**9


@dataclass(frozen=True, eq=False)
class Submission:
    """What one person, or one model, says of one task.

    Attributes:
        task, annotation: Label Studio's numbers.
        completed_by: the annotator's number.
        kind: submitted, skipped, not yet submitted, or a model's.
        images: per image tag (`to_name`) the file it shows; the pages of a tag that shows several are `tag[0]`, ….
        regions: per image tag; an image without findings has an empty tuple.
        sizes: per image tag with regions, `(rows, columns)`.
        choices: per control (`from_name`) the values chosen for the task or one of its images.
        submitted: ISO time of the last change.
        seconds: time spent on it.
        problems: what could not be read of it, each with its field.
        marks: per image tag; only where it was asked to keep them.
        said: everything said beside the outlines.
        relations: per image tag, those that say more than which regions are parts of one lesion.
        notes: how something was understood, and the image tag it is about.
        problems_of: the problems by image tag; under None those of unclear place.
        shown: per image tag what it shows, as the task says it.
        kept: what the task and the submission say besides.
    """

    task: int | None
    annotation: int | None
    completed_by: int | None
    kind: SubmissionKind
    images: dict[str, str]
    regions: dict[str, tuple[Region, ...]]
    sizes: dict[str, tuple[int, int]]
    choices: dict[str, tuple[str, ...]]
    submitted: str | None
    seconds: float | None
    problems: tuple[ConversionError, ...] = ()
    marks: dict[str, tuple[Mark, ...]] = field(default_factory=dict)
    said: tuple[Said, ...] = ()
    relations: dict[str, list[Relation]] = field(default_factory=dict)
    notes: tuple[tuple[str | None, str], ...] = ()
    problems_of: dict[str | None, tuple[ConversionError, ...]] = field(default_factory=dict)
    shown: dict[str, ShownImage] = field(default_factory=dict)
    kept: Kept = field(default_factory=dict)


@dataclass(frozen=True)
class _Task:
    where: str
    number: int | None
    shown: dict[str, ShownImage]
    reading: Reading
    kept: Kept


def read_export(
    document: object, source: str, *, labels: Labels | None = None, config: str | None = None
) -> tuple[tuple[Submission, ...], tuple[ConversionError, ...]]:
    """All submissions of an export, a task or a webhook payload.

    Args:
        document: the parsed JSON.
        source: its name for messages.
        labels: what the file's labels mean, where they are not ours.
        config: the project's labelling configuration; a webhook payload brings its own.

    Returns:
        The submissions with their own problems, and the problems that belong to no submission.
    """
    problems: list[ConversionError] = []
    submissions: list[Submission] = []
    try:
        layout = layout_of(document, config, source)
        items = list(_items(document, source))
    except UnreadableFile as error:
        return (), (error,)
    for where, item in items:
        try:
            submissions += _of_item(item, where, layout, Reading(source, (), labels))
        except ConversionError as error:
            problems.append(error)
    return tuple(submissions), tuple(problems)


def layout_of(document: object, config: str | None, source: str) -> LabellingConfig:
    """The labelling configuration: the one given, or the one that a webhook payload brings, or one that says nothing.

    Raises:
        UnreadableFile: it is none.
    """
    return read_config(config or _config_inside(document), source)


def read_task(task: object, where: str, reading: Reading, layout: LabellingConfig) -> list[Submission]:
    """The submissions of one task, JSON-MIN record or webhook payload.

    Args:
        task: the parsed JSON.
        where: its place in the file, e.g. `[3]`.
        reading: how its entries are to be read, its images not yet known.
        layout: the labelling configuration.

    Raises:
        UnreadableFile: it is none.
    """
    if where or (isinstance(task, dict) and is_record(task)):
        return _of_item(task, where, layout, reading)
    return [one for place, item in _items(task, reading.source) for one in _of_item(item, place, layout, reading)]


def _config_inside(document: object) -> str:
    project = document.get("project") if isinstance(document, dict) else None
    text = project.get("label_config") if isinstance(project, dict) else None
    return text if isinstance(text, str) and text.strip() else "<View/>"


def _items(document: object, source: str) -> Iterator[tuple[str, Any]]:
    """Tasks or JSON-MIN records with where they are in the document."""
    if isinstance(document, list):
        yield from ((f"[{index}]", item) for index, item in enumerate(document))
    elif isinstance(document, dict) and "action" in document:
        task, annotation = document.get("task"), document.get("annotation")
        if isinstance(task, dict) and annotation is not None:
            yield "", task | {"annotation": annotation}
    elif isinstance(document, dict) and "data" in document:
        yield "", document
    else:
        raise UnreadableFile(
            "no Label Studio export: neither tasks nor a task with `data`; export as JSON", source=source
        )


def _of_item(item: object, where: str, layout: LabellingConfig, reading: Reading) -> list[Submission]:
    if not isinstance(item, dict):
        raise UnreadableFile(f"{shortened(item)} is not a task", source=reading.source, field=where or None)
    if is_record(item):
        return [_of_record(item, where, layout, reading)]
    data = item.get("data")
    if not isinstance(data, dict):
        message = "no task: it has no `data`; export as JSON"
        raise UnreadableFile(message, source=reading.source, field=where or None)
    listed = [(key, place, entry) for key in HOLDERS for place, entry in _entries_under(key, item, where, reading)]
    named = {name for _, _, entry in listed for name in _tags_in(entry)} if reading.any_tag else set()
    shown = images_shown(data, layout, named)
    references = {image.key for image in shown.values()}
    kept = {
        "task": {key: value for key, value in item.items() if key not in (*HOLDERS, "data")},
        "data": {key: value for key, value in data.items() if key not in references},
    }
    task = _Task(where, _int(item.get("id")), shown, _seeing(reading, shown), kept)
    return [_submission(task, key, place, entry) for key, place, entry in listed]


def _seeing(reading: Reading, shown: Mapping[str, ShownImage]) -> Reading:
    return replace(reading, images=tuple(shown))


def _entries_under(
    key: str, item: Mapping[str, Any], where: str, reading: Reading
) -> Iterator[tuple[str, dict[str, Any]]]:
    said = item.get(key)
    several = said if isinstance(said, list) else [said]
    for index, entry in enumerate(several):
        place = f"{where}.{key}[{index}]" if isinstance(said, list) else f"{where}.{key}"
        if isinstance(entry, dict):
            yield place.lstrip("."), entry
        elif key in READINGS and said is not None:
            message = f"{shortened(entry)} is no annotation; export the task again"
            raise UnreadableFile(message, source=reading.source, field=place.lstrip("."))


def _tags_in(entry: Mapping[str, Any]) -> Iterator[str]:
    result = entry.get("result")
    for one in result if isinstance(result, list) else ():
        if isinstance(one, dict) and "original_width" in one and isinstance(one.get("to_name"), str):
            yield one["to_name"]


def _submission(task: _Task, holder: str, where: str, entry: Mapping[str, Any]) -> Submission:
    result = entry.get("result")
    listed = result if isinstance(result, list) else []
    found = read_entries(((f"{where}.result[{index}]", one) for index, one in enumerate(listed)), task.reading)
    if not isinstance(result, list):
        message = f"{shortened(result)} is no list of regions; export the task again"
        found.problems.append((None, UnreadableFile(message, source=task.reading.source, field=f"{where}.result")))
    return _submitted(task, _kind(holder, entry), entry, found)


def _kind(holder: str, entry: Mapping[str, Any]) -> SubmissionKind:
    if holder == "drafts":
        return "draft"
    if holder == "predictions":
        return "prediction"
    return "skipped" if entry.get("was_cancelled") else "annotation"


def _submitted(task: _Task, kind: SubmissionKind, entry: Mapping[str, Any], found: Entries) -> Submission:
    by = entry.get("user") if kind == "draft" else entry.get("completed_by")
    if by is not None and _person(by) is None:
        found.notes.append((None, "`completed_by` is no annotator's number; nobody is named"))
    problems_of: dict[str | None, tuple[ConversionError, ...]] = {}
    for image, problem in found.problems:
        problems_of[image] = (*problems_of.get(image, ()), problem)
    return Submission(
        task=task.number,
        annotation=_int(entry.get("annotation") if kind == "draft" else entry.get("id")),
        completed_by=_person(by),
        kind=kind,
        images={name: image.file for name, image in task.shown.items()},
        regions={name: tuple(regions) for name, regions in found.regions.items()},
        sizes=found.sizes,
        choices=_choices(found.said),
        submitted=_text(entry.get("updated_at") or entry.get("created_at")),
        seconds=_seconds(entry.get("lead_time")),
        problems=tuple(problem for _, problem in found.problems),
        marks={name: tuple(marks) for name, marks in found.marks.items()},
        said=tuple(found.said),
        relations=found.relations,
        notes=tuple(found.notes),
        problems_of=problems_of,
        shown=task.shown,
        kept={**task.kept, "annotation": {key: said for key, said in entry.items() if key != "result"}},
    )


def _choices(said: list[Said]) -> dict[str, tuple[str, ...]]:
    chosen: dict[str, tuple[str, ...]] = {}
    for one in said:
        if one.kind == "choices" and one.shape is None:
            chosen[one.control] = (*chosen.get(one.control, ()), *one.words)
    return chosen


def _of_record(record: Mapping[str, Any], where: str, layout: LabellingConfig, reading: Reading) -> Submission:
    """A JSON-MIN record: one annotation, its values by control."""
    shown = images_shown(record, layout)
    parts = entries_of_record(record, where, layout, shown)
    entry = {
        "id": record.get("annotation_id"),
        "completed_by": record.get("annotator"),
        **{key: record[key] for key in ("created_at", "updated_at", "lead_time") if key in record},
    }
    task = _Task(where, _int(record.get("id")), shown, _seeing(reading, shown), {"data": parts.data})
    return _submitted(task, "annotation", entry, read_entries(parts.entries, task.reading))


def _int(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _person(value: object) -> int | None:
    return _int(value.get("id")) if isinstance(value, dict) else _int(value)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < LONGEST_SECONDS else None
