"""Outlines and burden for files that were never ingested: scan → grid → champion → the file's own pixels."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import or_, select

from backend.errors import NotFound, Refused, Sequestered
from backend.jobs.steps.predict_stored import champion_predictor
from backend.measures.burden import BurdenView, study_burden
from backend.records import GridImage, Prediction, ScanImage
from backend.scans.gather import gather
from backend.scans.normalise import to_grid
from backend.settings import Settings
from backend.store.images import encode_png
from backend.store.session import open_session
from backend.store.tables import Image, Patient, Study
from converters.regions import Polygon, Region


@dataclass(frozen=True, eq=False)
class FilePrediction:
    """One projection of a file, with what the model says of it on the grid."""

    scan: ScanImage
    grid: GridImage
    prediction: Prediction

    @property
    def file(self) -> str:
        return str(self.scan.paths[0])

    @property
    def view(self) -> BurdenView:
        return BurdenView(self.scan.projection, self.grid.sub_images, self.prediction.masks, self.grid.pixel_mm)

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of the file's own image."""
        return self.grid.transform.rows, self.grid.transform.columns

    @property
    def regions(self) -> tuple[Region, ...]:
        """The outlines in pixels of the file's own image."""
        return tuple(_in_source(region, self.grid) for region in self.prediction.regions)


def predict_files(
    settings: Settings, paths: Iterable[Path], studies_csv: Path | None = None
) -> Iterator[FilePrediction | dict[str, str]]:
    """Predicts file after file; yields `{"file", "error"}` for one that cannot be used and goes on.

    Raises:
        NotFound: this home has no champion yet.
    """
    predictor = champion_predictor(settings)
    if predictor is None:
        raise NotFound("no model serves yet; train one with `scintiloop retrain --wait` and promote it")
    seen: dict[tuple[str, str, str], Path] = {}
    for scan in gather(list(paths), studies_csv, settings):
        if not isinstance(scan, ScanImage):
            yield {"file": scan.source or "", "error": str(scan)}
            continue
        grid = to_grid(scan)
        try:
            _refuse_second(seen, scan)
            refuse_sequestered(settings, scan, grid)
        except Refused as refusal:
            yield {"file": str(scan.paths[0]), "error": str(refusal)}
            continue
        yield FilePrediction(scan, grid, predictor.predict(grid.sub_images))


def _refuse_second(seen: dict[tuple[str, str, str], Path], scan: ScanImage) -> None:
    key = (scan.visit.patient, scan.visit.study, scan.projection)
    first = seen.setdefault(key, scan.paths[0])
    if first != scan.paths[0]:
        raise Refused(f"the {scan.projection} image of this study came already, in {first.name}; name one of the two")


def refuse_sequestered(settings: Settings, scan: ScanImage, grid: GridImage) -> None:
    """Raises: Sequestered: the file, its patient or its very pixels belong to this home's frozen test set."""
    pixels = [hashlib.sha256(encode_png(image)).hexdigest() for image in grid.sub_images.values()]
    same_image = or_(
        Image.source_sha256 == scan.source_sha256, Image.low_sha256.in_(pixels), Image.high_sha256.in_(pixels)
    )
    known = (
        select(Patient.id)
        .outerjoin(Study)
        .outerjoin(Image)
        .where(Patient.sequestered)
        .where(or_(same_image, Patient.pseudonym == scan.visit.patient))
    )
    with open_session(settings) as session:
        if session.execute(known.limit(1)).first():
            raise Sequestered("this case belongs to the frozen test set; no model may look at it outside evaluation")


def document(model: str, found: Iterable[FilePrediction], errors: list[dict[str, str]]) -> dict[str, Any]:
    """The JSON document of `scintiloop predict`."""
    by_study: dict[tuple[str, str], list[FilePrediction]] = defaultdict(list)
    results = []
    for one in found:
        by_study[one.scan.visit.patient, one.scan.visit.study].append(one)
        results.append(
            {
                "file": one.file,
                "projection": one.scan.projection,
                "regions": [_plain(region) for region in one.regions],
                "burden": asdict(study_burden([one.view])),
            }
        )
    studies = [
        {"patient": patient, "study": study, "burden": asdict(study_burden([one.view for one in views]))}
        for (patient, study), views in by_study.items()
    ]
    return {"model": model, "results": results, "studies": studies, "errors": errors}


def _in_source(region: Region, grid: GridImage) -> Region:
    if not isinstance(region.shape, Polygon):
        raise TypeError("a prediction's regions are polygons")
    return Region(region.label, grid.transform.polygon_to_source(region.shape), region.score)


def _plain(region: Region) -> dict[str, Any]:
    polygon = region.shape
    if not isinstance(polygon, Polygon):
        raise TypeError("a prediction's regions are polygons")
    return {
        "label": region.label,
        "score": region.score,
        "points": [list(point) for point in polygon.exterior],
        "holes": [[list(point) for point in hole] for hole in polygon.holes],
    }
