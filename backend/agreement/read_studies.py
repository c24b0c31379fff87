"""One reader's reading of one study, as the comparison of exposures counts it: a study once."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

from backend.agreement.material import Judged, Material, Study
from backend.agreement.rows import ImageRow, ReadingRow


@dataclass(frozen=True)
class ReadStudy:
    """What one reader made of one study.

    Attributes:
        judged: the readings of projections with a reference.
        seconds: the reader spent on the study; a task's two readings carry the same, so the longest; None where the
            source does not say.
    """

    patient: str
    study_id: int
    control: bool
    sequestered: bool
    reader: str
    exposure: str
    readings: tuple[ReadingRow, ...]
    judged: tuple[Judged, ...]

    @property
    def seconds(self) -> float | None:
        return max((one.seconds for one in self.readings if one.seconds is not None), default=None)


Values = dict[str, float | None]
"""By measure; None where undefined."""

MEASURES = ("seconds", "missed", "over_called", "dice")


def read_studies(found: Material, study: Study) -> Iterator[ReadStudy]:
    """Every reader's reading of a study. A reader who saw the model's outlines on any projection was assisted."""
    readings: defaultdict[int, list[ReadingRow]] = defaultdict(list)
    for image in study:
        for reading in image.readable:
            readings[reading.number].append(reading)
    judged = list(found.judged(study))
    for number, own in sorted(readings.items()):
        exposure = "assisted" if any(one.exposure == "assisted" for one in own) else "blind"
        mine = tuple(one for one in judged if one.reading.number == number)
        yield _read(study[0], exposure, tuple(own), mine)


def values(one: ReadStudy, image_ids: Sequence[int] | None = None) -> Values:
    """The measures of a reading of a study; against the reference over these projections, all judged ones with None.

    `missed` and `over_called` are lesions of the study, `dice` is the mean lesion Dice over the projections whose
    reference holds a lesion.
    """
    judged = [two for two in one.judged if image_ids is None or two.image.image_id in image_ids]
    lesions = [two.measures["lesions"] for two in judged]
    dice = [row["dice"] for two in judged if (row := two.measures["labels"]["metastasis"])["pixels"][2]]
    return {
        "seconds": one.seconds,
        "missed": sum(counts["missed"] for counts in lesions) if judged else None,
        "over_called": sum(counts["over_called"] for counts in lesions) if judged else None,
        "dice": fmean(dice) if dice else None,
    }


def _read(image: ImageRow, exposure: str, readings: tuple[ReadingRow, ...], judged: tuple[Judged, ...]) -> ReadStudy:
    return ReadStudy(
        image.patient,
        image.study_id,
        bool(image.control),
        image.sequestered,
        readings[0].reader,
        exposure,
        readings,
        judged,
    )
