"""One Labelme file → one reading."""

import hashlib
from datetime import datetime

from backend.readings.certify import Provenance, certificate_of
from backend.readings.origin import Origin
from backend.readings.placing import Place, check_pixels, find_place, to_grid
from backend.readings.readers import reader_named
from backend.readings.receipt import Receipt, refusal
from backend.readings.repeats import is_repeat
from backend.readings.seal import Arrival, Submitted, is_known, seal
from backend.settings import Settings
from backend.store.blobs import blobs_of, vault_of
from backend.store.images import load_sub_images
from backend.store.session import open_session
from converters.errors import ConversionError
from converters.labelme import LabelmeDocument, read_labelme


def receive_labelme(settings: Settings, content: bytes, *, reader: str, submitted: datetime, source: str) -> Receipt:
    """Seals the reading in a Labelme file.

    A worklist file that comes back byte for byte as it left has not been read and is passed over.

    Args:
        content: the file as it arrived.
        reader: name of the reader whose file it is.
        submitted: when it was saved; orders revisions.
        source: the file's name for messages.

    Raises:
        ReadingError: not Labelme's, a bad region, or drawn on another image; nothing of the file is kept.
        ImageUnknown: the image it names is unknown or ambiguous.
        NotFound: no reader of that name.
    """
    sha256 = hashlib.sha256(content).hexdigest()
    if blobs_of(settings).has(sha256):
        return Receipt(passed_over=1)
    document = _read(content, source)
    origin = Origin("labelme", sha256, submitted)
    with open_session(settings) as session:
        reader_id = reader_named(session, reader).id
        place = find_place(session, settings, document.image_path, source, "imagePath")
        repeat = is_repeat(session, reader_id, [place.name], source)
        if is_known(session, reader_id, place.image.id, origin):
            return Receipt(repeated=1)
    _check_image(settings, document, place, source)
    regions = to_grid(document.regions, place, _size(document), source)
    item = Submitted(
        image_id=place.image.id,
        origin=origin,
        regions=regions,
        exclusion=document.exclusion,
        seconds=None,
        arrived_sha256=vault_of(settings).put(content),
        certificate=certificate_of(regions, Provenance(sha256, "labelme", document.version, document.notes), source),
        repeat=repeat,
    )
    return seal(settings, [Arrival(reader_id, (item,))])


def _read(content: bytes, source: str) -> LabelmeDocument:
    try:
        document = read_labelme(content, source)
    except ConversionError as error:
        raise refusal((error,), source) from None
    if document.problems:
        raise refusal(document.problems, source)
    return document


def _size(document: LabelmeDocument) -> tuple[int, int] | None:
    return None if document.rows is None or document.columns is None else (document.rows, document.columns)


def _check_image(settings: Settings, document: LabelmeDocument, place: Place, source: str) -> None:
    if document.embedded_image is not None:
        sub_images = load_sub_images(blobs_of(settings), place.image)
        check_pixels(document.embedded_image, place, sub_images.values(), source)
