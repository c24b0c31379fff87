"""A reader's own readings beside the references that are sealed, for the reader's own page."""

from itertools import chain
from typing import Any

from sqlalchemy import select

from backend.agreement.keep import keep_few
from backend.agreement.material import Judged, Material, Study, material
from backend.agreement.project import reader_figures
from backend.agreement.rows import ImageRow, ReadingRow
from backend.errors import NotFound
from backend.settings import Settings
from backend.store.readings import standing
from backend.store.session import open_session
from backend.store.tables import Reader, Reading
from converters.regions import LABELS

Json = dict[str, Any]


def own_agreement(settings: Settings, reader_id: int) -> Json:
    """The reader's readings of which the reference is sealed; nothing of any other reader, and nothing not yet sealed.

    Returns:
        `studies`, newest first: {`study`: its token, `projections`: [{`projection`, `status` of the reference, `dice`
        by label, `matched`, `missed`, `over_called`, `contributed`: this reading helped to make the reference}]},
        figures None where the reference or the reader excludes the image; `figures`: as `reader_figures`.

    Raises:
        NotFound: no reader has that id.
    """
    with open_session(settings) as session:
        reader = session.get(Reader, reader_id)
        if reader is None:
            raise NotFound(f"reader {reader_id} does not exist")
        read = select(Reading.image_id).where(Reading.reader_id == reader_id, Reading.repeat.is_(False), *standing())
        image_ids = set(session.scalars(read))
        number = reader.number
    keep_few(settings, image_ids)
    with open_session(settings) as session:
        found = material(session, settings.agreement_rules.version, image_ids)
    listed = [_study(found, study, number) for study in reversed(found.studies)]
    judged = chain.from_iterable(map(found.judged, found.studies))
    return {
        "studies": [one for one in listed if one["projections"]],
        "figures": reader_figures([one for one in judged if one.reading.number == number]),
    }


def _study(found: Material, study: Study, number: int) -> Json:
    judged = {one.image.image_id: one for one in found.judged(study) if one.reading.number == number}
    rows = []
    for image in study:
        own = next((reading for reading in image.readings if reading.number == number), None)
        if own is not None and image.reference is not None:
            rows.append(_projection(image, own, judged.get(image.image_id)))
    return {"study": study[0].token, "projections": rows}


def _projection(image: ImageRow, own: ReadingRow, judged: Judged | None) -> Json:
    lesions = judged.measures["lesions"] if judged else {}
    reference = image.reference
    return {
        "projection": image.projection,
        "status": reference.status if reference else None,
        "dice": {label: judged.measures["labels"][label]["dice"] if judged else None for label in LABELS},
        "contributed": reference is not None and own.id in reference.readings,
    } | {kind: lesions.get(kind) for kind in ("matched", "missed", "over_called")}
