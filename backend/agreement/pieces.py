"""One piece of measuring: which blobs to draw, and what to measure of them. Needs no database, so any process can."""

from dataclasses import dataclass

from backend.agreement.edits import edits
from backend.agreement.measure import Measures, measure, measure_against
from backend.records import AgreementRules, LabelMasks, Window
from backend.store import regions_document
from backend.store.blobs import BlobStore
from backend.store.images import decode_png
from backend.store.masks import load_mask
from converters.grid import GRID_SHAPE
from converters.rasterise import draw
from converters.regions import Region


@dataclass(frozen=True)
class Pair:
    """Two readings of one image; `regions` name their blobs, `sub_images` those of the scan."""

    image_id: int
    readings: tuple[int, int]
    regions: tuple[str, str]
    pixel_mm: float | None
    sub_images: dict[Window, str]

    def measured(self, blobs: BlobStore, rules: AgreementRules) -> Measures:
        a, b = (_masks(_regions(blobs, sha256)) for sha256 in self.regions)
        pictures = {window: decode_png(blobs.get(sha256)) for window, sha256 in self.sub_images.items()}
        return measure(a, b, rules, self.pixel_mm, pictures)


@dataclass(frozen=True)
class AgainstReference:
    """A reading and a reference; `masks` name metastasis, bladder and, where there are any, ignored pixels."""

    reading_id: int
    against: str
    regions: str
    masks: tuple[str, str, str | None]
    pixel_mm: float | None

    def measured(self, blobs: BlobStore, rules: AgreementRules) -> Measures:
        metastasis, bladder = (load_mask(blobs, sha256) for sha256 in self.masks[:2])
        ignored = None if self.masks[2] is None else load_mask(blobs, self.masks[2])
        reference = LabelMasks(metastasis, bladder, ignored)
        return measure_against(_masks(_regions(blobs, self.regions)), reference, rules, self.pixel_mm)


@dataclass(frozen=True)
class AgainstShown:
    """A reading and the model's outlines that its reader was shown; both name lists of regions."""

    reading_id: int
    against: str
    regions: str
    shown: str

    def measured(self, blobs: BlobStore, rules: AgreementRules) -> Measures:
        return edits(_regions(blobs, self.shown), _regions(blobs, self.regions), rules.match_iou)


Piece = Pair | AgainstReference | AgainstShown


def measured(blobs: BlobStore, rules: AgreementRules, piece: Piece) -> Measures:
    """Raises: NotFound: a blob is missing."""
    return piece.measured(blobs, rules)


def _regions(blobs: BlobStore, sha256: str) -> tuple[Region, ...]:
    return regions_document.decode(blobs.get(sha256))


def _masks(regions: tuple[Region, ...]) -> LabelMasks:
    masks = draw(regions, GRID_SHAPE).disjoint()
    return LabelMasks(masks["metastasis"], masks["bladder"])
