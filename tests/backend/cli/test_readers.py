"""The command that says who reads."""

from collections.abc import Callable
from typing import Any

import pytest

from backend.settings import load_settings
from backend.store.session import open_session
from backend.store.tables import Image, Patient, Study

READER = {"reader", "number", "expert", "share", "label_studio", "left_at", "assigned", "read", "left", "excluded"}


@pytest.fixture
def room(shell: Any) -> Any:
    """A shell whose home holds three studies and the readers anna and bela, of Labelme."""
    for name in ("anna", "bela"):
        shell.json("readers", "add", name)
    with open_session(load_settings(home=shell.home)) as session:
        for number in range(3):
            study = Study(
                patient=Patient(pseudonym=f"p{number}", sequestered=False), identifier="1", token=f"token{number}"
            )
            session.add(Image(study=study, projection="anterior", source_sha256="0" * 64, rows=1024, columns=256))
    return shell


def test_everything_about_readers_is_done_by_the_command(room: Any, holds: Callable[..., None]) -> None:
    assert room.json("readers", "add", "carl", "--expert", "--share", "0.5") == {"reader": "carl", "assigned": 6}
    document = room.json("readers")
    holds(document, {"readers": [READER], "studies": {"all": (3,), "lacking": (0,), "third": (0,)}, "lacking": ([],)})
    assert {one["reader"]: one["assigned"] for one in document["readers"]}["carl"] == 3
    assert room.json("readers", "set", "carl", "--no-expert") == {"reader": "carl", "expert": False, "share": None}
    gone = room.json("readers", "leave", "carl")
    assert gone == {"reader": "carl", "released": 3, "begun": 0, "assigned": 3}
    assert room.json("readers", "return", "carl") == {"reader": "carl", "assigned": 0}
    assert room.json("readers", "third", "token1") == {"study": "token1", "reader": "carl"}


def test_words_name_what_the_json_holds(room: Any) -> None:
    said = "\n".join(
        room.run(*words).stdout
        for words in (
            ("readers", "add", "carl", "--share", "0.5"),
            ("readers", "set", "carl", "--expert"),
            ("readers", "leave", "bela"),
            ("readers", "return", "bela"),
            ("readers", "third", "token0"),
            ("readers",),
        )
    )
    for word in ("carl reads from now on", "is changed", "has left", "reads again", "third reader", "expert", "0.5"):
        assert word in said


BAD = {
    "an unknown reader leaves": (("leave", "nobody"), "'nobody'; the readers are: anna, bela"),
    "an unknown reader returns": (("return", "nobody"), "'nobody'"),
    "an unknown reader is changed": (("set", "nobody", "--expert"), "'nobody'"),
    "nothing is changed": (("set", "anna"), "what is to change"),
    "a share of nothing": (("set", "anna", "--share", "0"), "above 0 and at most 1"),
    "a share that is no number": (("add", "carl", "--share", "nan"), "above 0 and at most 1"),
    "a share above 1": (("add", "carl", "--share", "2"), "above 0 and at most 1"),
    "a name that is taken": (("add", "anna"), "'anna' already"),
    "an empty name": (("add", ""), "needs a name"),
    "a name of two lines": (("add", "a\nb"), "printed"),
    "somebody returns who has not left": (("return", "anna"), "has not left"),
    "an unknown study": (("third", "nothing"), "'nothing'"),
    "nobody is left to ask": (("third", "token0"), "every active reader"),
}


@pytest.mark.parametrize(("words", "sentence"), BAD.values(), ids=BAD.keys())
def test_what_cannot_be_done_ends_with_status_1_and_a_sentence(
    room: Any, words: tuple[str, ...], sentence: str
) -> None:
    before = room.json("readers")
    assert sentence in room.json("readers", *words, status=1)["error"]
    after = room.json("readers")
    assert [one["reader"] for one in after["readers"]] == [one["reader"] for one in before["readers"]]


@pytest.mark.parametrize(
    "words",
    ["readers add", "readers set", "readers leave", "readers third", "readers bogus", "readers set a --share x"],
)
def test_wrong_usage_ends_with_status_2(words: str, shell: Any) -> None:
    assert shell.run(*words.split()).exit_code == 2
