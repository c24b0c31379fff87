"""The images of one Label Studio task, and what a submission says of each."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from backend.errors import InputError, ReadingError
from backend.labelstudio.layout import NO_IMAGE, exclusion_control, projection_of
from backend.readings.placing import Place, find_place, to_grid
from backend.readings.receipt import refusal
from backend.records import PROJECTIONS
from backend.settings import Settings
from converters.errors import ConversionError
from converters.label_studio import Submission
from converters.labelme import EXCLUSIONS
from converters.regions import Region


@dataclass(frozen=True)
class TaskImage:
    """One image of ours in a task, by the tags that show it (its windows)."""

    name: str
    """The projection, or the tag's own name in a layout that is not ours."""
    places: Mapping[str, Place]

    @property
    def image_id(self) -> int:
        return next(iter(self.places.values())).image.id


def images_of(
    session: Session, settings: Settings, submission: Submission, source: str
) -> tuple[list[TaskImage], list[InputError]]:
    """The images that a submission's task shows; where one tag of an image is refused the image is."""
    found: list[TaskImage] = []
    errors: list[InputError] = []
    for name, tags in _tags_by_image(submission.images).items():
        try:
            places = {tag: find_place(session, settings, submission.images[tag], source, f"data.{tag}") for tag in tags}
            if len({place.image.id for place in places.values()}) > 1:
                message = f"the {name} windows {', '.join(tags)} show different scans; mend the task's data"
                raise ReadingError(message, source=source, field="data")
            found.append(_merged(name, places, found))
        except InputError as error:
            errors.append(error)
    if not submission.images:
        errors.append(ReadingError("the task names no image; export as JSON", source=source, field="data"))
    return found, errors


def check_problems(image: TaskImage, submission: Submission, document: object, source: str) -> None:
    """Raises: ReadingError: a region of this image, or one of unclear place, could not be read."""
    tags = [(problem, _tag_at(document, problem.field or "")) for problem in submission.problems]
    kept = [problem for problem, tag in tags if tag in image.places or tag not in submission.images]
    if kept:
        raise refusal(tuple(kept), source)


def regions_of(image: TaskImage, submission: Submission, source: str) -> tuple[Region, ...]:
    """All regions of one image in grid pixels, whichever window they were drawn on.

    Raises:
        ReadingError: drawn on an image of another size.
    """
    return tuple(
        region
        for tag, place in image.places.items()
        for region in to_grid(submission.regions.get(tag, ()), place, submission.sizes.get(tag), source)
    )


def exclusion_of(image: TaskImage, choices: Mapping[str, tuple[str, ...]]) -> str | None:
    """Why the reader could not read this image, None where it was read."""
    controls = {exclusion_control(projection): projection for projection in PROJECTIONS}
    for control, values in choices.items():
        meant = [value for value in values if controls.get(control, image.name) == image.name and value in EXCLUSIONS]
        if meant:
            return meant[0]
    return None


def _merged(name: str, places: dict[str, Place], found: list[TaskImage]) -> TaskImage:
    """The image with all tags that show it; a foreign layout may give its windows any names."""
    image = TaskImage(name, places)
    for other in [other for other in found if other.image_id == image.image_id]:
        found.remove(other)
        image = TaskImage(other.name, {**other.places, **places})
    return image


def _tags_by_image(images: Mapping[str, str]) -> dict[str, list[str]]:
    tags: dict[str, list[str]] = {}
    for tag, file in images.items():
        if file.rpartition("/")[2] != NO_IMAGE:
            tags.setdefault(projection_of(tag) or tag, []).append(tag)
    return tags


def _tag_at(document: object, field: str) -> str:
    """The image tag of the entry that `field` (`[0].annotations[1].result[2].value`) lies in, "" where none."""
    here: Any = document
    for step in re.findall(r"\w+", field.partition(".value")[0]):
        if isinstance(here, list) and step.isdigit() and int(step) < len(here):
            here = here[int(step)]
        elif isinstance(here, dict) and "to_name" not in here:
            here = here.get(step)
        else:
            break
    return str(here.get("to_name", "")) if isinstance(here, dict) else ""


def unreadable(problems: Iterable[ConversionError], source: str) -> tuple[InputError, ...]:
    """Problems that belong to no submission."""
    return tuple(refusal((problem,), source) for problem in problems)
