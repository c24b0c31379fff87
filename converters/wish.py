"""What a conversion is asked for."""

from dataclasses import asdict, dataclass, field
from pathlib import Path

from converters.drawn import Dialect

MOST_EDITABLE_POINTS = 60
"""Points of one outline that Label Studio's editor still moves smoothly."""


@dataclass(frozen=True)
class Wish:
    """Attributes:
    target: `masks`, `labelme`, `label-studio`, `coco` or `dicom-seg`.
    with_instances, with_arrays: masks also as numbered lesions, as NumPy archives.
    allow_lossy: go on where the target cannot say all that the source says; the certificate tells.
    dialect: how the sources mean what they say.
    max_points: of an outline for Label Studio; None keeps all.
    as_predictions: for Label Studio: predictions, not annotations.
    source_nm: the scan that DICOM segmentations refer to, or a folder of scans named like the images.
    """

    target: str
    with_instances: bool = False
    with_arrays: bool = False
    allow_lossy: bool = False
    dialect: Dialect = field(default_factory=Dialect)
    max_points: int | None = MOST_EDITABLE_POINTS
    as_predictions: bool = False
    source_nm: Path | None = None

    def asked(self) -> dict[str, object]:
        """The wish as it stands in certificates: plain JSON, everything that the outputs depend on."""
        plain = asdict(self) | {"source_nm": None if self.source_nm is None else self.source_nm.name}
        plain["dialect"] = {key: _plain(value) for key, value in asdict(self.dialect).items()}
        return plain


def _plain(value: object) -> object:
    return {str(key): meant for key, meant in value.items()} if isinstance(value, dict) else value
