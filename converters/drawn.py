"""One image with what one reader drew on it, whatever file it came from."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from converters.errors import ConversionError
from converters.regions import Kept, Label, Labels, Mark, Region

Colour = tuple[int, int, int]
"""Red, green, blue, 0 to 255."""


@dataclass(frozen=True)
class Dialect:
    """How the sources mean what they say, where they do not use our words.

    Attributes:
        labels: the files' labels → ours, None for one whose shapes are to be left out; None where they must be ours.
        colours: what a colour of a mask image means, None for background; None where no image is a mask image but
            those whose names say so.
        numbers: what a grey value, palette index or array value of a mask image means, None for background.
        keep_marks: points and lines, which have no area, are kept as marks; else they are refused.
        labelling_config: the Label Studio project's labelling configuration, for exports that do not bring it.
    """

    labels: Labels | None = None
    colours: Mapping[Colour, Label | None] | None = None
    numbers: Mapping[int, Label | None] | None = None
    keep_marks: bool = False
    labelling_config: str | None = None


@dataclass(frozen=True)
class Origin:
    """The file something came from.

    Attributes:
        name: its name.
        sha256: of its bytes.
        format: `labelme`, `label-studio`, `coco`, `image` or `numpy`.
        version: of the format, "" where the file does not say.
        further: name and SHA-256 of each other file that it was read together with.
    """

    name: str
    sha256: str
    format: str
    version: str
    further: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, eq=False)
class DrawnImage:
    """What one reader drew on one image.

    Attributes:
        origin: the file that says so.
        stem: first part of the names of everything made of it.
        reader: the reader's number or name where the file holds several, else None.
        image: the image's file, with `/`.
        rows, columns: its size in pixels.
        regions: in pixels of the image.
        exclusion: why the image is out, if it is.
        remarks: further things that the reader said, as `control: value`.
        notes: how something was understood that could be understood otherwise.
        marks: points and lines, in pixels of the image; only where it was asked to keep them.
        kept: what the file says of the image besides.
        problems: what could not be read of it.
    """

    origin: Origin
    stem: str
    reader: str | None
    image: str
    rows: int
    columns: int
    regions: tuple[Region, ...]
    exclusion: str | None = None
    remarks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    marks: tuple[Mark, ...] = ()
    kept: Kept = field(default_factory=dict)
    problems: tuple[ConversionError, ...] = ()

    @property
    def shape(self) -> tuple[int, int]:
        return self.rows, self.columns

    @property
    def shapes(self) -> tuple[Region | Mark, ...]:
        """Regions, then marks."""
        return (*self.regions, *self.marks)

    @property
    def name(self) -> str:
        """Stem and, where there are several readers, the reader."""
        return self.stem if self.reader is None else f"{self.stem}.{self.reader}"


@dataclass(frozen=True, eq=False)
class Waiting:
    """An image on which one reader drew nothing, in a file that shows several images a task.

    Whether it is one that readers draw on is known when the file is at its end: if anybody drew on its `tag`, or nobody
    on any, it is a reading without findings.

    Attributes:
        tag: the image tag.
        image: the reading, or why it cannot be one (nobody says its size).
    """

    tag: str
    image: DrawnImage | ConversionError


@dataclass(frozen=True, eq=False)
class Found:
    """What a file, or one task of a file, holds.

    Attributes:
        images: what was drawn.
        problems: what could not be read and is no image's own problem.
        drawn_on: image tags on which somebody drew.
        waiting: images without findings that may yet turn out to be drawn on.
    """

    images: tuple[DrawnImage, ...] = ()
    problems: tuple[ConversionError, ...] = ()
    drawn_on: frozenset[str] = frozenset()
    waiting: tuple[Waiting, ...] = ()
