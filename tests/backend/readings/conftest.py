"""Two readers, one study `s1`, and the files and messages in which readers' outlines arrive."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backend.labelstudio.layout import file_name, image_name
from backend.records import PROJECTIONS, WINDOWS
from backend.settings import Settings
from backend.store.images import name_digest
from backend.store.readings import counting
from backend.store.session import open_session
from backend.store.tables import ImageName, Reader, Reading
from converters.label_studio import to_results
from converters.labelme import write_labelme
from converters.regions import Polygon, Region


class ReaderFiles:
    """Files and messages as readers' programs make them."""

    LESION = Region("metastasis", Polygon(((20.25, 100.5), (40.75, 101.0), (38.0, 121.3))))
    BLADDER = Region("bladder", Polygon(((110.0, 600.0), (140.0, 600.0), (140.0, 630.0), (110.0, 630.0))))

    @staticmethod
    def at(minutes: float) -> datetime:
        return datetime(2026, 3, 1, 12, tzinfo=UTC) + timedelta(minutes=minutes)

    @classmethod
    def annotation(
        cls, number: int, regions: dict[str, Sequence[Region]] | None = None, minutes: float = 0, **more: Any
    ) -> dict[str, Any]:
        """One annotation of user 11 as Label Studio sends it; `regions` by projection."""
        result: list[dict[str, Any]] = []
        for projection, drawn in (regions or {}).items():
            control = f"{projection}_label"
            result += to_results(drawn, from_name=control, to_name=projection, rows=1024, columns=256)
        said = {"id": number, "completed_by": 11, "result": result, "was_cancelled": False, "lead_time": 12.5}
        return said | {"created_at": cls.at(0).isoformat(), "updated_at": cls.at(minutes).isoformat()} | more

    @staticmethod
    def task(*annotations: dict[str, Any], number: int = 9, study: str = "s1", **more: Any) -> dict[str, Any]:
        data = {
            image_name(projection, window): f"/data/local-files/?d=readers/1/{file_name(study, projection, window)}"
            for projection in PROJECTIONS
            for window in WINDOWS
        }
        return {"id": number, "data": data | {"study": study}, "annotations": list(annotations)} | more

    @staticmethod
    def labelme(*regions: Region, image: str = "s1_anterior_low.png", **more: Any) -> bytes:
        return write_labelme(regions, image, 1024, 256, **more)

    @staticmethod
    def export(*tasks: dict[str, Any]) -> bytes:
        return json.dumps(tasks).encode()

    @staticmethod
    def webhook(action: str, task: dict[str, Any], annotation: dict[str, Any]) -> dict[str, Any]:
        bare = {key: value for key, value in task.items() if key != "annotations"}
        return {"action": action, "annotation": annotation, "task": bare, "project": {"id": 5, "token": "secret"}}

    @staticmethod
    def deletion(*numbers: int) -> dict[str, Any]:
        annotations = [{"id": number} for number in numbers]
        return {"action": "ANNOTATIONS_DELETED", "annotations": annotations, "project": {"id": 5}}


@pytest.fixture(scope="session")
def files() -> type[ReaderFiles]:
    return ReaderFiles


Table = list[tuple[str, int, str, str | None]]


@pytest.fixture
def study(
    settings: Settings, add_reader: Callable[..., int], add_study: Callable[..., dict[str, int]]
) -> dict[str, int]:
    """Image ids of study `s1`; reader `anna` is user 11 of project 5, `bela` user 12 of project 6."""
    add_reader("anna", 1, user=11, project=5)
    add_reader("bela", 2, user=12, project=6)
    return add_study("s1")


@pytest.fixture
def call_image(settings: Settings) -> Callable[[int, str], None]:
    """`call_image(image_id, name)` gives an image one more name, in grid pixels."""

    def call(image_id: int, name: str) -> None:
        with open_session(settings) as session:
            session.add(ImageName(digest=name_digest(settings, name), image_id=image_id, space="grid"))

    return call


@pytest.fixture
def what_counts(settings: Settings) -> Callable[[], Table]:
    """Reader, image, regions and exclusion of every reading that counts."""

    def table() -> Table:
        with open_session(settings) as session:
            rows = session.execute(counting().add_columns(Reader.name))
            return [(name, row.image_id, row.regions_sha256, row.exclusion) for row, name in rows]

    return table


@pytest.fixture
def all_readings(settings: Settings) -> Callable[[], list[Reading]]:
    def rows() -> list[Reading]:
        with open_session(settings) as session:
            return list(session.query(Reading).order_by(Reading.id))

    return rows
