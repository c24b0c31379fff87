"""The form on the page of runs: what it offers, what it refuses beside which field, what it queues."""

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save

from backend.datasets.freeze import freeze
from backend.jobs import runs
from backend.jobs.steps import agree
from backend.settings import Settings
from backend.store.blobs import blobs_of
from backend.store.session import open_session
from backend.store.tables import ChampionChange, ModelVersion


def _weights(encoder: str) -> bytes:
    """A weights file whose card names the encoder; nobody builds its networks here."""
    card = {"architecture": {"encoder": encoder}}
    return save({"weight": np.zeros(1, np.float32)}, metadata={"card": json.dumps(card)})


FILES = {hashlib.sha256(_weights(encoder)).hexdigest()[:12]: encoder for encoder in ("resnet34", "resnet18")}
EARLIER, CHAMPION = FILES


@pytest.fixture
def dataset(
    settings: Settings, add_study: Callable[..., Any], add_reader: Any, add_reading: Any, box: Callable[..., Any]
) -> str:
    """A dataset version of two patients, each with a lesion."""
    readers = [add_reader("first", 1), add_reader("second", 2)]
    for token in ("s1", "s2"):
        image = add_study(token, projections=("anterior",))["anterior"]
        for reader in readers:
            add_reading(reader, image, box(200, 100, 20, 12))
    agree.settle(settings)
    return freeze(settings).id


@pytest.fixture
def engineer(settings: Settings, log_in: Callable[[str], Any]) -> Any:
    """An engineer in a home with a champion of the encoder resnet18 and an earlier model."""
    with open_session(settings) as session:
        for model, encoder in FILES.items():
            sha256 = blobs_of(settings).put(_weights(encoder))
            card = {"architecture": {"encoder": encoder}}
            session.add(ModelVersion(id=model, weights_sha256=sha256, card=card, code_version="1"))
            session.flush()
        session.add(ChampionChange(model_id=CHAMPION, action="promote", by="scintiloop"))
    return log_in("engineer")


def test_the_form_offers_what_a_run_can_be_started_with(engineer: Any, dataset: str) -> None:
    page = engineer.get("/runs").text
    offered = {name: re.findall(r'value="([^"]*)"', part) for name, part in re.findall(_SELECT, page, re.DOTALL)}
    assert offered["recipe"] == ["", "study"]
    assert [one for one in offered["start"] if one != "day-one"] == ["", "champion", "scratch", EARLIER]
    assert {"", "resnet34", "resnet18"} <= set(offered["encoder"])
    assert offered["dataset"] == ["", dataset]
    assert 'aria-invalid="true"' not in page


_SELECT = r'<select name="(\w+)"[^>]*>(.*?)</select>'


@pytest.mark.parametrize(
    ("form", "field", "words"),
    [
        ({"recipe": "secret"}, "recipe", "choose one of default, study"),
        ({"start": "/etc/passwd"}, "start", "is /etc/passwd; choose one of the list"),
        ({"start": "champion", "encoder": "resnet34"}, "encoder", "the start has resnet18"),
        ({"encoder": "resnet1001"}, "encoder", "choose one of resnet34"),
        ({"steps": "many"}, "steps", "is many; give a whole number"),
        ({"steps": "0"}, "steps", "is 0; choose at least 1"),
        ({"steps": "99999999"}, "steps", "choose at most 1000000"),
        ({"steps": "<script>"}, "steps", "is &lt;script&gt;; give a whole number"),
        ({"dataset": "nowhere"}, "dataset", "dataset version nowhere"),
    ],
)
def test_a_bad_value_is_answered_beside_its_field(
    engineer: Any, settings: Settings, form: dict[str, str], field: str, words: str
) -> None:
    reply = engineer.post("/runs", on="/runs", **form)
    assert reply.status_code == 400
    [(wrong, sentence)] = re.findall(r'<small class="wrong" id="wrong-(\w+)">(.*?)</small>', reply.text)
    assert wrong == field
    assert words in sentence
    assert f'name="{field}" aria-invalid="true" aria-describedby="wrong-{field}"' in reply.text
    assert runs.newest_first(settings) == []


def test_what_was_filled_in_stays_and_every_wrong_field_is_named(engineer: Any) -> None:
    reply = engineer.post("/runs", on="/runs", recipe="study", start=EARLIER, steps="x", encoder="y")
    assert re.findall(r'id="wrong-(\w+)"', reply.text) == ["encoder", "steps"]
    assert f'<option value="{EARLIER}" selected>' in reply.text
    assert '<option value="study" selected>' in reply.text


def test_a_good_form_queues_a_run_with_its_options(engineer: Any, settings: Settings, dataset: str) -> None:
    engineer.post("/runs", on="/runs", recipe="study", start=EARLIER, steps=" 7 ", dataset=dataset)
    [run] = runs.newest_first(settings)
    assert (run.options, run.dataset_id) == ({"recipe": "study", "start": EARLIER, "steps": 7}, dataset)


@pytest.mark.parametrize(
    ("form", "start"),
    [
        ({}, CHAMPION),
        ({"encoder": "resnet34"}, "scratch"),
        ({"recipe": "study"}, "scratch"),
        ({"start": "champion"}, CHAMPION),
    ],
    ids=["nothing chosen", "another encoder than the champion's", "the study began from nothing", "the champion"],
)
def test_the_usual_start_is_the_champion_where_it_fits(
    engineer: Any, settings: Settings, dataset: str, form: dict[str, str], start: str
) -> None:
    engineer.post("/runs", on="/runs", **form)
    assert runs.newest_first(settings)[0].options["start"] == start
