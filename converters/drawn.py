"""One image with what one reader drew on it, whatever file it came from."""

from dataclasses import dataclass

from converters.errors import ConversionError
from converters.regions import Region


@dataclass(frozen=True)
class Origin:
    """The file something came from: its name, the SHA-256 of its bytes, its format and that format's version."""

    name: str
    sha256: str
    format: str
    version: str


@dataclass(frozen=True, eq=False)
class DrawnImage:
    """What one reader drew on one image.

    Attributes:
        origin: the file that says so.
        stem: first part of the names of everything made of it.
        reader: the reader's number where the file holds several, else None.
        image: the image's file, with `/`.
        rows, columns: its size in pixels.
        regions: in pixels of the image.
        exclusion: why the image is out, if it is.
        remarks: further things that were chosen, as `control: value`.
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
    problems: tuple[ConversionError, ...] = ()

    @property
    def shape(self) -> tuple[int, int]:
        return self.rows, self.columns

    @property
    def name(self) -> str:
        """Stem and, where there are several readers, the reader."""
        return self.stem if self.reader is None else f"{self.stem}.{self.reader}"
