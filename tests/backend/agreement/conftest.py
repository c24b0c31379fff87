"""Two readers, what is kept of their readings, and references made by hand."""

import pytest
from sqlalchemy import select

from backend.store.blobs import blobs_of
from backend.store.masks import put_mask
from backend.store.session import open_session
from backend.store.tables import Comparison, Reference


@pytest.fixture
def two(add_reader):
    return add_reader("reader 1", 1), add_reader("reader 2", 2)


@pytest.fixture
def kept(settings):
    def rows(table=Comparison):
        with open_session(settings) as session:
            return list(session.scalars(select(table).order_by(table.id)))

    return rows


@pytest.fixture
def add_reference(settings, drawn):
    """`add_reference(image, readings, *regions, ignored=regions)` seals what they say."""

    def add(image, readings, *regions, ignored=()):
        masks, blobs = drawn(*regions), blobs_of(settings)
        hashes = {
            "metastasis_sha256": put_mask(blobs, masks.metastasis),
            "bladder_sha256": put_mask(blobs, masks.bladder),
            "ignored_sha256": put_mask(blobs, drawn(*ignored).metastasis),
        }
        first, second = readings
        with open_session(settings) as session:
            reference = Reference(
                image_id=image, status="agreed", rule="test", reading_a=first, reading_b=second, **hashes
            )
            session.add(reference)
            session.flush()
            return reference.id

    return add
