"""`studies.csv`: one row per image file, with what is known of the visit.

Beside the columns that docs/files.md explains, `frame` (1 or 2) picks a frame of a DICOM file whose frames do not
tell their projection.
"""

import csv
import datetime
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal, cast

from backend.errors import ScanError
from backend.records import PROJECTIONS, WINDOWS, Projection, Visit, Window
from backend.scans.identity import cap_age
from backend.store.images import normal_name

Polarity = Literal["dark-hot", "bright-hot"]
REQUIRED = ("patient", "study", "projection", "file")


@dataclass(frozen=True)
class ListedImage:
    """One row: which image of which visit a file holds. `line` is where it stands in the list."""

    visit: Visit
    projection: Projection
    window: Window | None
    path: Path
    name: str
    """The path as the list gives it, `/` as separator."""
    polarity: Polarity | None
    pixel_mm: float | None
    frame: int | None
    source: str
    """`<list>, line <n>`, for messages."""


def read_studies_csv(path: Path) -> tuple[list[ListedImage], list[ScanError]]:
    """The rows that are usable, and what is wrong with the others.

    A list that cannot be read at all, or lacks a required column, is one error and no rows.
    """
    try:
        lines = list(_lines(path))
    except ScanError as error:
        return [], [error]
    studies: dict[tuple[str, str], list[ListedImage]] = {}
    errors: list[ScanError] = []
    for line, cells in lines:
        try:
            image = _row(path, line, cells)
            of_study = studies.setdefault((image.visit.patient, image.visit.study), [])
            _check_against(of_study, image)
            of_study.append(image)
        except ScanError as error:
            errors.append(error)
    return [image for of_study in studies.values() for image in of_study], errors


def _lines(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            header = [name.strip() for name in reader.fieldnames or []]
            reader.fieldnames = header
            missing = [name for name in REQUIRED if name not in header]
            if missing or len(set(header)) < len(header):
                raise ScanError(
                    f"the header must hold each of {', '.join(REQUIRED)} once, separated by commas; "
                    f"missing: {', '.join(missing) or 'none, but a column comes twice'}",
                    source=str(path),
                    field=missing[0] if missing else "header",
                )
            for cells in reader:
                yield reader.line_num, {str(name): str(cell or "").strip() for name, cell in cells.items()}
    except OSError as error:
        raise ScanError(f"cannot be read ({error.strerror}); check the path and its rights", source=str(path)) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise ScanError(f"is no CSV in UTF-8 ({type(error).__name__}); save it as such", source=str(path)) from None


def _row(path: Path, line: int, cells: Mapping[str, str]) -> ListedImage:
    source = f"{path}, line {line}"
    if "None" in cells:
        raise ScanError("has more cells than the header; quote cells that hold a comma", source=source)
    values: dict[str, object] = {}
    for column, parse in PARSERS.items():
        cell = cells.get(column, "")
        try:
            values[column] = parse(cell) if cell or column in REQUIRED else None
        except ValueError as error:
            raise ScanError(f"{cell!r}: {error}", source=source, field=column) from None
    file = _inside(path.parent, cells["file"], source)
    visit = Visit(**{field.name: values[field.name] for field in fields(Visit)})  # type: ignore[arg-type]
    return ListedImage(
        visit=visit,
        projection=cast("Projection", values["projection"]),
        window=cast("Window | None", values["window"]),
        path=file,
        name=normal_name(cells["file"]),
        polarity=cast("Polarity | None", values["polarity"]),
        pixel_mm=cast("float | None", values["pixel_mm"]),
        frame=cast("int | None", values["frame"]),
        source=source,
    )


def _inside(folder: Path, name: str, source: str) -> Path:
    """The file that a row names, which must lie in the list's folder."""
    try:
        file = (folder / normal_name(name)).resolve()
        there = file.is_file()
    except (OSError, ValueError):
        raise ScanError("is no file name; correct it", source=source, field="file") from None
    if not file.is_relative_to(folder.resolve()):
        raise ScanError(
            f"{name!r} lies outside the list's folder; move it there and name it relative to the list",
            source=source,
            field="file",
        )
    if not there:
        raise ScanError(f"{name!r} is not there; add the file or correct its name", source=source, field="file")
    return file


def _check_against(earlier: list[ListedImage], image: ListedImage) -> None:
    """Refuses a row that says again, or otherwise, what an earlier row of its study says."""
    for other in earlier:
        if (other.projection, other.window) == (image.projection, image.window):
            raise ScanError(
                f"is a duplicate: {other.source} lists this projection and window too; remove one",
                source=image.source,
                field="projection",
            )
        for field in fields(Visit):
            old, new = getattr(other.visit, field.name), getattr(image.visit, field.name)
            if None not in (old, new) and old != new:
                raise ScanError(
                    f"{new} differs from {old} in {other.source}, of the same study; correct one",
                    source=image.source,
                    field=field.name,
                )


def _text(cell: str) -> str:
    if not cell:
        raise ValueError("must not be empty; fill it in")
    return cell


def _one_of(*allowed: str) -> Callable[[str], str]:
    def parse(cell: str) -> str:
        if cell not in allowed:
            raise ValueError(f"is none of {', '.join(allowed)}; correct it")
        return cell

    return parse


def _date(cell: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(cell)
    except ValueError:
        raise ValueError("is no ISO 8601 date such as 2024-03-31; correct it") from None


def _number(lowest: float, highest: float) -> Callable[[str], float]:
    def parse(cell: str) -> float:
        try:
            number = float(cell)
        except ValueError:
            number = math.nan
        if not lowest < number <= highest:
            raise ValueError(f"is no number above {lowest:g} and up to {highest:g}; correct it")
        return number

    return parse


PARSERS: dict[str, Callable[[str], object]] = {
    "patient": _text,
    "study": _text,
    "projection": _one_of(*PROJECTIONS),
    "file": _text,
    "window": _one_of(*WINDOWS),
    "date": _date,
    "polarity": _one_of("dark-hot", "bright-hot"),
    "pixel_mm": _number(0, 100),
    "age": lambda cell: cap_age(_number(-1e-9, 130)(cell)),
    "sex": _one_of("F", "M", "X"),
    "primary": str,
    "site": str,
    "metastasis": lambda cell: _one_of("0", "1")(cell) == "1",
    "frame": lambda cell: int(_one_of("1", "2")(cell)),
}
