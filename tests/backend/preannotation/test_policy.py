"""Who sees the model's outlines first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.preannotation.policy import exposure

TOKENS = [f"study{number}" for number in range(400)]


@given(token=st.text(min_size=1), seed=st.integers())
def test_of_two_readers_exactly_one_is_assisted(token: str, seed: int) -> None:
    seen = [exposure("alternate", number, token, False, seed) for number in (1, 2)]
    assert sorted(seen) == ["assisted", "blind"]


@pytest.mark.parametrize("reader", [1, 2])
def test_each_reader_is_assisted_on_about_half(reader: int) -> None:
    assisted = sum(exposure("alternate", reader, token, False, 7) == "assisted" for token in TOKENS)
    assert 160 < assisted < 240


def test_another_seed_draws_other_studies() -> None:
    drawn = [[exposure("alternate", 1, token, False, seed) for token in TOKENS] for seed in (0, 1)]
    assert drawn[0] != drawn[1]


@pytest.mark.parametrize(("setting", "seen"), [("both", "assisted"), ("none", "blind")])
@pytest.mark.parametrize("reader", [1, 2])
def test_the_settings_both_and_none_treat_all_readers_alike(setting: str, seen: str, reader: int) -> None:
    assert {exposure(setting, reader, token, False, 0) for token in TOKENS} == {seen}  # type: ignore[arg-type]


@pytest.mark.parametrize("setting", ["alternate", "both", "none"])
@pytest.mark.parametrize("reader", [1, 2])
def test_a_sequestered_study_is_blind_whatever_the_setting(setting: str, reader: int) -> None:
    assert {exposure(setting, reader, token, True, 0) for token in TOKENS} == {"blind"}  # type: ignore[arg-type]
