"""Varied phantom studies on disk: made by several processes, one small file each, so that a broken making goes on."""

import json
import multiprocessing
import os
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backend.errors import InputError, ServiceError
from backend.phantom.domains import domain_digest
from backend.phantom.varied import varied
from backend.records import PROJECTIONS, WINDOWS, LabelMasks, Projection, SubImage, Window
from backend.scans.normalise import to_grid
from backend.training.sampling import codes_of
from converters.regions import LABELS

MADE_BY = "made.json"
BLAS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
Advance = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class StoredStudy:
    """One study as training takes it: per projection its sub-images and masks on the normalised grid."""

    patient: str
    sub_images: dict[Projection, Mapping[Window, SubImage]]
    masks: dict[Projection, LabelMasks]


def make_studies(
    count: int, seed: int, folder: Path, processes: int | None = None, advance: Advance = lambda done, total: None
) -> list[Path]:
    """Makes studies 0 … count - 1 of a seed, those that the folder lacks.

    Args:
        folder: of this seed alone; made where there is none.
        processes: at once; one per processor where None. Each holds about 0.5 GB.
        advance: called with (studies there, of all).

    Returns:
        The studies' files, in order.

    Raises:
        InputError: an impossible number, or the folder holds studies of another seed or of other ranges.
        ServiceError: the machine ended one of the processes.
    """
    if count < 1:
        raise InputError(f"{count} studies cannot be made; ask for at least 1", field="studies")
    if seed < 0:
        raise InputError(f"{seed} is no seed; give 0 or a larger whole number", field="seed")
    _claim(folder, seed)
    files = [folder / f"study-{index:05d}.npz" for index in range(count)]
    missing = [index for index, file in enumerate(files) if not file.exists()]
    advance(count - len(missing), count)
    if missing:
        at_once = min(processes or len(os.sched_getaffinity(0)), len(missing))
        for done, _file in enumerate(_made(missing, seed, files, at_once), count - len(missing) + 1):
            advance(done, count)
    return files


def _made(missing: list[int], seed: int, files: list[Path], at_once: int) -> Iterator[Path]:
    if at_once == 1:
        for index in missing:
            yield make_one(seed, index, files[index])
        return
    spawned = multiprocessing.get_context("spawn")
    with _one_thread_each(), ProcessPoolExecutor(at_once, mp_context=spawned) as pool:
        futures = [pool.submit(make_one, seed, index, files[index]) for index in missing]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BrokenProcessPool:
            message = "a process that made studies was ended, for want of memory perhaps; try fewer processes"
            raise ServiceError(message) from None
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def make_one(seed: int, index: int, file: Path) -> Path:
    """Writes one study, whole or not at all."""
    study = varied(seed, index)
    grids = {projection: to_grid(scan) for projection, scan in study.scans.items()}
    windows = [window for window in WINDOWS if window in grids["anterior"].sub_images]
    images = np.stack([[grids[projection].sub_images[window] for window in windows] for projection in PROJECTIONS])
    codes = np.stack([codes_of(study.truth[projection]) for projection in PROJECTIONS])
    partial = file.with_name(f".{file.name}.{os.getpid()}.partial")
    with partial.open("wb") as stream:
        np.savez_compressed(stream, images=images, codes=codes, domain=json.dumps(asdict(study.domain)))
    return partial.replace(file)


def read_study(file: Path) -> StoredStudy:
    """A study that `make_one` wrote.

    Raises:
        InputError: the file is no such study.
    """
    try:
        with np.load(file, allow_pickle=False) as content:
            images, codes = content["images"], content["codes"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise InputError(f"is no whole study ({error}); remove it and it is made again", source=str(file)) from None
    shown = {p: dict(zip(WINDOWS, by_window, strict=False)) for p, by_window in zip(PROJECTIONS, images, strict=True)}
    masks = {p: LabelMasks(*_masks(code)) for p, code in zip(PROJECTIONS, codes, strict=True)}
    return StoredStudy(f"{file.parent.name}/{file.stem}", dict(shown), masks)


def _masks(code: NDArray[np.uint8]) -> list[NDArray[np.bool_]]:
    return [code == number for number, _ in enumerate(LABELS, 1)]


def _claim(folder: Path, seed: int) -> None:
    """Writes down what the folder holds, or checks that it holds the same."""
    wanted = {"seed": seed, "domain": domain_digest()}
    note = folder / MADE_BY
    if folder.exists() and not folder.is_dir():
        raise InputError("is a file; name a folder", source=str(folder))
    if note.exists():
        if _read(note) != wanted:
            message = f"holds studies of another seed or version than seed {seed} now makes; name another folder"
            raise InputError(message, source=str(folder))
        return
    if folder.exists() and any(folder.iterdir()):
        raise InputError("holds files but no studies; name a new or empty folder", source=str(folder))
    folder.mkdir(parents=True, exist_ok=True)
    note.write_text(json.dumps(wanted), "utf-8")


def _read(note: Path) -> object:
    try:
        return json.loads(note.read_text("utf-8"))
    except ValueError:
        return None


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Processes that start now compute in one thread: as many threads in each would hinder one another."""
    before = {name: os.environ.get(name) for name in BLAS}
    os.environ.update(dict.fromkeys(BLAS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
