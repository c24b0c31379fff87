"""Label Studio's JSON: exports, single tasks, webhook payloads and JSON-MIN, read into submissions."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from converters.errors import BadRegion, ConversionError, UnreadableFile
from converters.labelling_config import LabellingConfig, images_of, read_config
from converters.regions import Label, Region
from converters.results import OUTLINES, read_region, size_of, to_results

__all__ = ["Submission", "SubmissionKind", "read_export", "to_results"]

SubmissionKind = Literal["annotation", "skipped", "draft", "prediction"]

NOTES = ("textarea", "rating", "number", "datetime", "taxonomy", "pairwise", "relation")
"""Entry types that say something beside the outlines; they are left in the file."""


SHAPES = (*OUTLINES, "brushlabels")


@dataclass(frozen=True, eq=False)
class Submission:
    """What one person, or one model, says of one task.

    Attributes:
        task, annotation: Label Studio's numbers.
        completed_by: the annotator's number.
        kind: submitted, skipped, not yet submitted, or a model's.
        images: per image tag (`to_name`) the file it shows.
        regions: per image tag; an image without findings has an empty tuple.
        sizes: per image tag with regions, `(rows, columns)`.
        choices: per control (`from_name`) the values chosen.
        submitted: ISO time of the last change.
        seconds: time spent on it.
        problems: what could not be read of it, each with its field.
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


@dataclass(frozen=True)
class _Task:
    where: str
    number: int | None
    images: dict[str, str]
    source: str
    labels: Mapping[str, Label] | None


@dataclass
class _Entries:
    """What the entries of one `result` come to."""

    regions: dict[str, list[Region]]
    sizes: dict[str, tuple[int, int]] = field(default_factory=dict)
    choices: dict[str, tuple[str, ...]] = field(default_factory=dict)
    problems: list[ConversionError] = field(default_factory=list)


def read_export(
    document: object, source: str, *, labels: Mapping[str, Label] | None = None, config: str | None = None
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
    layout = LabellingConfig()
    try:
        layout = read_config(config or _config_inside(document), source)
        items = list(_items(document, source))
    except UnreadableFile as error:
        return (), (error,)
    for where, item in items:
        try:
            submissions += _of_item(item, where, layout, (source, labels))
        except ConversionError as error:
            problems.append(error)
    return tuple(submissions), tuple(problems)


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


def _of_item(
    item: object, where: str, layout: LabellingConfig, context: tuple[str, Mapping[str, Label] | None]
) -> list[Submission]:
    source, labels = context
    if not isinstance(item, dict):
        raise UnreadableFile(f"{item!r} is not a task", source=source, field=where)
    data = item.get("data")
    if isinstance(data, dict):
        task = _Task(where, _int(item.get("id")), images_of(data, layout), source, labels)
        return _submissions(task, item)
    if "annotation_id" not in item:
        raise UnreadableFile("no task: it has no `data`; export as JSON", source=source, field=where)
    task = _Task(where, _int(item.get("id")), images_of(item, layout), source, labels)
    return [_of_record(task, item, layout)]


def _submissions(task: _Task, item: dict[str, Any]) -> list[Submission]:
    found = []
    for key, said in (
        ("annotations", item.get("annotations", item.get("completions"))),
        ("annotation", item.get("annotation")),
        ("drafts", item.get("drafts")),
        ("predictions", item.get("predictions")),
    ):
        several = said if isinstance(said, list) else [said]
        for index, entry in enumerate(several):
            if isinstance(entry, dict):
                place = f"{key}[{index}]" if isinstance(said, list) else key
                where = f"{task.where}.{place}".lstrip(".")
                found.append(_submission(task, entry, _kind(key, entry), where))
    return found


def _kind(key: str, entry: dict[str, Any]) -> SubmissionKind:
    if key == "drafts":
        return "draft"
    if key == "predictions":
        return "prediction"
    return "skipped" if entry.get("was_cancelled") else "annotation"


def _submission(task: _Task, entry: dict[str, Any], kind: SubmissionKind, where: str) -> Submission:
    result = entry.get("result")
    listed = result if isinstance(result, list) else []
    entries = _read_entries(task, ((f"{where}.result[{index}]", one) for index, one in enumerate(listed)))
    if not isinstance(result, list):
        message = f"{result!r} is no list of regions; export the task again"
        entries.problems.append(UnreadableFile(message, source=task.source, field=f"{where}.result"))
    return Submission(
        task=task.number,
        annotation=_int(entry.get("annotation") if kind == "draft" else entry.get("id")),
        completed_by=_person(entry.get("user") if kind == "draft" else entry.get("completed_by")),
        kind=kind,
        images=task.images,
        regions={tag: tuple(regions) for tag, regions in entries.regions.items()},
        sizes=entries.sizes,
        choices=entries.choices,
        submitted=_text(entry.get("updated_at") or entry.get("created_at")),
        seconds=_seconds(entry.get("lead_time")),
        problems=tuple(entries.problems),
    )


def _read_entries(task: _Task, listed: Iterable[tuple[str, object]]) -> _Entries:
    entries = _Entries({tag: [] for tag in task.images})
    for where, one in listed:
        try:
            if not isinstance(one, dict):
                raise BadRegion(f"{one!r} is not a region")
            _read_entry(one, task, entries)
        except BadRegion as error:
            place = f"{where}.{error.field}" if error.field else where
            entries.problems.append(BadRegion(error.message, source=task.source, field=place))
    return entries


def _read_entry(one: dict[str, Any], task: _Task, entries: _Entries) -> None:
    kind, control = one.get("type"), str(one.get("from_name"))
    if kind in NOTES or control == "ref" or control.endswith("_ref"):
        return
    if kind == "choices":
        entries.choices[control] = _chosen(one.get("value"))
        return
    tag = _image_tag(one.get("to_name"), task)
    size = size_of(one)
    if entries.sizes.setdefault(tag, size) != size:
        message = f"{size} differs from {entries.sizes[tag]} of the regions before; was the image exchanged?"
        raise BadRegion(message, field="original_height")
    entries.regions[tag].append(read_region(one, task.labels))


def _image_tag(name: object, task: _Task) -> str:
    if isinstance(name, str) and name in task.images:
        return name
    known = ", ".join(task.images) or "none"
    raise BadRegion(
        f"image {name!r} is not one of the task's ({known}); give the labelling configuration", field="to_name"
    )


def _chosen(value: object) -> tuple[str, ...]:
    chosen = value.get("choices") if isinstance(value, dict) else None
    if not isinstance(chosen, list):
        raise BadRegion(f"{value!r} is no choice", field="value.choices")
    return tuple(map(str, chosen))


def _of_record(task: _Task, record: dict[str, Any], layout: LabellingConfig) -> Submission:
    """A JSON-MIN record: values by control, without the names of the images."""
    controls = {key: value for key, value in record.items() if key not in task.images.values()}
    controls = {key: value if isinstance(value, list) else [value] for key, value in controls.items()}
    entries = _read_entries(task, _shapes_of_record(controls, task, layout))
    whole = {"id": record["annotation_id"], "completed_by": record.get("annotator"), "result": []}
    return replace(
        _submission(task, record | whole, "annotation", task.where),
        regions={tag: tuple(regions) for tag, regions in entries.regions.items()},
        sizes=entries.sizes,
        choices={
            control: tuple(values)
            for control, values in controls.items()
            if control not in task.images and values and all(isinstance(value, str) for value in values)
        },
        problems=tuple(entries.problems),
    )


def _shapes_of_record(
    controls: dict[str, list[Any]], task: _Task, layout: LabellingConfig
) -> Iterator[tuple[str, dict[str, Any]]]:
    for control, values in controls.items():
        for index, value in enumerate(values):
            kind = next((kind for kind in SHAPES if kind in value), None) if isinstance(value, dict) else None
            if kind is not None:
                tag = _tag_of_control(control, task, layout)
                entry = {"type": kind, "value": value, "from_name": control, "to_name": tag}
                yield f"{task.where}.{control}[{index}]", value | entry


def _tag_of_control(control: str, task: _Task, layout: LabellingConfig) -> str | None:
    named = layout.controls.get(control, (control.removesuffix("_label"),))
    if named[0] in task.images:
        return named[0]
    return next(iter(task.images)) if len(task.images) == 1 else None


def _int(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _person(value: object) -> int | None:
    return _int(value.get("id")) if isinstance(value, dict) else _int(value)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _seconds(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
