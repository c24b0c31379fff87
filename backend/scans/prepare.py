"""A scan brought to the grid, its blobs written: all that can be done before the database is touched."""

import hashlib
from dataclasses import dataclass

import numpy as np

from backend.errors import ScanError
from backend.records import GridImage, ScanImage, Window
from backend.scans.normalise import to_grid
from backend.settings import Settings
from backend.store.blobs import BlobStore, blobs_of, vault_of
from backend.store.images import encode_counts, encode_png, load_counts, load_sub_images
from backend.store.tables import Image


@dataclass(frozen=True, eq=False)
class PreparedScan:
    """A scan whose blobs are written and whose row is not; a lost one leaves blobs that nothing names."""

    scan: ScanImage
    grid: GridImage
    counts_sha256: str | None
    sub_image_sha256: dict[Window, str]

    def new_row(self, study_id: int) -> Image:
        transform = self.grid.transform
        return Image(
            study_id=study_id,
            projection=self.scan.projection,
            source_sha256=self.scan.source_sha256,
            counts_sha256=self.counts_sha256,
            low_sha256=self.sub_image_sha256.get("low"),
            high_sha256=self.sub_image_sha256.get("high"),
            rows=transform.rows,
            columns=transform.columns,
            pixel_mm=self.scan.pixel_mm,
        )

    def shows_the_same_as(self, image: Image, blobs: BlobStore) -> bool:
        """Whether a stored image has these very pixels: counts where both have them, sub-images otherwise."""
        transform = self.grid.transform
        if (image.rows, image.columns, image.pixel_mm) != (transform.rows, transform.columns, self.scan.pixel_mm):
            return False
        stored = load_counts(blobs, image)
        if stored is not None and self.scan.counts is not None:
            return np.array_equal(stored, self.scan.counts)
        known = load_sub_images(blobs, image)
        new = self.grid.sub_images
        return known.keys() == new.keys() and all(np.array_equal(known[window], new[window]) for window in known)


def prepare(settings: Settings, scan: ScanImage) -> PreparedScan:
    """Brings a scan to the grid and writes its blobs; its source files go to the vault as they came.

    Raises:
        ScanError: a source file cannot be read any more, or is not the one that was read.
    """
    _keep_sources(settings, scan)
    blobs, grid = blobs_of(settings), to_grid(scan)
    return PreparedScan(
        scan,
        grid,
        None if scan.counts is None else blobs.put(encode_counts(scan.counts)),
        {window: blobs.put(encode_png(image)) for window, image in grid.sub_images.items()},
    )


def _keep_sources(settings: Settings, scan: ScanImage) -> None:
    for position, path in enumerate(scan.paths):
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ScanError(f"cannot be read again ({error.strerror}); ingest it again", source=str(path)) from None
        if position == 0 and hashlib.sha256(content).hexdigest() != scan.source_sha256:
            raise ScanError("changed while it was read; ingest it again", source=str(path))
        vault_of(settings).put(content)
