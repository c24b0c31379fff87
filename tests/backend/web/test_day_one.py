"""The pages say of a model that has only seen simulated scans that it has."""

from collections.abc import Callable
from typing import Any

import pytest

from backend.settings import Settings
from backend.store.session import open_session
from backend.store.tables import ChampionChange, ModelVersion

SENTENCE = "Trained on simulated scans alone"
PAGES = ("/", "/models", "/models/{model}")


@pytest.fixture
def serve(settings: Settings) -> Callable[[str], str]:
    """Makes a model of that start the champion; returns its id."""

    def make(start: str) -> str:
        with open_session(settings) as session:
            model = ModelVersion(
                id="a" * 12, weights_sha256="0" * 64, card={"lineage": {"start": start}}, code_version="1"
            )
            session.add(model)
            session.flush()
            session.add(ChampionChange(model_id=model.id, action="promote", by="scintiloop"))
            return model.id

    return make


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(("start", "simulated"), [("pretrain", True), ("model", False)])
def test_where_a_model_is_shown_its_origin_is(
    path: str, start: str, simulated: bool, serve: Callable[[str], str], log_in: Callable[[str], Any]
) -> None:
    page = log_in("engineer").get(path.format(model=serve(start)))
    assert page.status_code == 200
    assert (SENTENCE in page.text) == simulated


def test_the_api_tells_it_too(serve: Callable[[str], str], log_in: Callable[[str], Any]) -> None:
    serve("pretrain")
    engineer = log_in("engineer")
    assert engineer.get("/api/status").json["standing"]["champion_simulated"] is True
    assert [one["simulated"] for one in engineer.get("/api/models").json["models"]] == [True]
