"""The two readings of one projection beside each other, and what is asked about them."""

from dataclasses import dataclass

from backend.adjudication.findings import Dispute, Findings, findings, whole_reading
from backend.records import AgreementRules, Projection
from backend.store.sealed import SealedImage, SealedReading, calls_differ


@dataclass(frozen=True, eq=False)
class Compared:
    """Two sealed readings of one projection; pages call the readers first and second, in an order of their own."""

    image_id: int
    projection: Projection
    a: SealedReading
    b: SealedReading
    patient_call_differs: bool
    findings: Findings

    @property
    def disputes(self) -> tuple[Dispute, ...]:
        return self.findings.disputes


def compared(study: tuple[SealedImage, ...], image: SealedImage, rules: AgreementRules) -> Compared | None:
    """The first two readings of a projection compared; None while there are fewer.

    Where one of them calls the image unreadable, that is the one dispute; where both do, there is none.
    """
    if image.pair is None:
        return None
    a, b = image.pair
    differs = calls_differ(study, a.reader, b.reader)
    if a.exclusion and b.exclusion:
        found = Findings((), ())
    elif a.exclusion or b.exclusion:
        found = Findings((), (whole_reading(None if a.exclusion else a.masks, None if b.exclusion else b.masks),))
    else:
        found = findings(a.masks, b.masks, rules, patient_call_differs=differs)
    return Compared(image.image_id, image.projection, a, b, differs, found)
