"""From what the user named to scans, one at a time: DICOM files and folders, and the images that a list names."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from backend.errors import ScanError
from backend.records import ScanImage
from backend.scans.dicom import read_dicom
from backend.scans.listed import is_dicom, load_listed
from backend.scans.studies_csv import ListedImage, read_studies_csv
from backend.settings import Settings
from backend.store.images import normal_name
from backend.store.secrets import keyed_digest

DICOM_SUFFIXES = (".dcm", ".dicom", ".ima")
DIRECTORY_FILE = "DICOMDIR"
LIST_FILE = "studies.csv"
PSEUDONYM_LENGTH = 16

Progress = Callable[[int, int], None]
"""(images and files read, of how many)."""


def gather(
    paths: Sequence[Path], studies_csv: Path | None, settings: Settings, progress: Progress | None = None
) -> Iterator[ScanImage | ScanError]:
    """Every scan at or below `paths`; what cannot be read is yielded as its error and the rest goes on.

    A path that is a list, or a folder that holds one by the name of `studies.csv`, is read as the list says. Other
    folders are walked for DICOM files.

    Args:
        studies_csv: a list; of its images those at or below `paths` are read, all of them where no path is named. A
            folder that holds images of the list is read as the list says and no further: the same visit must not come
            in twice, by its rendering and by its DICOM file.
    """
    lists = {path: _list_of(path) for path in paths} if studies_csv is None else {}
    for listed in dict.fromkeys(found for found in lists.values() if found):
        yield from _gather([], listed, settings, progress)
    rest = [path for path in paths if not lists.get(path) and not _same(path, studies_csv)]
    if rest or studies_csv:
        yield from _gather(rest, studies_csv, settings, progress)


def _same(path: Path, other: Path | None) -> bool:
    return other is not None and path.resolve() == other.resolve()


def _list_of(path: Path) -> Path | None:
    if path.is_dir():
        return path / LIST_FILE if (path / LIST_FILE).is_file() else None
    return path if path.suffix.lower() == ".csv" else None


def _gather(
    paths: Sequence[Path], studies_csv: Path | None, settings: Settings, progress: Progress | None
) -> Iterator[ScanImage | ScanError]:
    rows, problems = read_studies_csv(studies_csv) if studies_csv else ([], [])
    yield from problems
    roots = [path.resolve() for path in paths]
    wanted = [row for row in rows if not roots or any(row.path.is_relative_to(root) for root in roots)]
    if rows and not wanted:
        yield ScanError("none of its files lies under the paths named; name their folder too", source=str(studies_csv))
    covered = {place for row in rows for place in (row.path, *row.path.parents)}
    if studies_csv:
        covered.add(studies_csv.resolve().parent)
    found = [(path, file) for path in paths if path.resolve() not in covered for file in _files(path)]
    yield from _empty_folders(paths, [row.path for row in wanted] + [file.resolve() for _, file in found])
    total = len({(row.visit.patient, row.visit.study, row.projection) for row in wanted}) + len(found)
    for done, scans in enumerate(_one_by_one(wanted, found, settings), start=1):
        yield from scans
        if progress:
            progress(done, total)


def pseudonym(settings: Settings, purpose: str, identifier: str) -> str:
    """What stands for a patient or study of a DICOM file in this home."""
    return keyed_digest(settings, purpose, identifier)[:PSEUDONYM_LENGTH]


def _files(path: Path) -> Iterator[Path]:
    """The path itself, or the DICOM files below it in the order of their names."""
    if not path.is_dir():
        yield path
        return
    for folder, folders, names in os.walk(path):
        folders.sort()
        for name in sorted(names):
            file = Path(folder) / name
            if name != DIRECTORY_FILE and (file.suffix.lower() in DICOM_SUFFIXES or is_dicom(file)):
                yield file


def _empty_folders(paths: Sequence[Path], files: Sequence[Path]) -> Iterator[ScanError]:
    for path in paths:
        if path.is_dir() and not any(file.is_relative_to(path.resolve()) for file in files):
            yield ScanError("holds no DICOM file; list other images in studies.csv", source=str(path))


def _one_by_one(
    wanted: Sequence[ListedImage], found: Sequence[tuple[Path, Path]], settings: Settings
) -> Iterator[list[ScanImage | ScanError]]:
    for scan in load_listed(wanted):
        yield [scan]
    for path, file in found:
        name = normal_name(str(file.relative_to(path))) if file != path else file.name
        try:
            scans = read_dicom(file, lambda purpose, identifier: pseudonym(settings, purpose, identifier))
            yield [replace(scan, names=(name,)) for scan in scans]
        except ScanError as error:
            yield [error]
