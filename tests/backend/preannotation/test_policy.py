"""Who sees the model's outlines first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.preannotation.policy import ExposurePolicy, ExposureSetting

TOKENS = [f"study{number}" for number in range(4000)]
SETTINGS: tuple[ExposureSetting, ...] = ("alternate", "both", "none")

seeds = st.integers()
shares = st.floats(0, 1, exclude_max=True)


@given(token=st.text(min_size=1), seed=seeds, share=shares)
def test_of_two_readers_exactly_one_is_assisted(token: str, seed: int, share: float) -> None:
    assert sorted(ExposurePolicy("alternate", share, seed).pair(token, blind=False)) == ["assisted", "blind"]


@pytest.mark.parametrize("place", [0, 1])
def test_each_place_is_assisted_on_about_half(place: int) -> None:
    policy = ExposurePolicy("alternate", 0.1, 7)
    assisted = sum(policy.pair(token, blind=False)[place] == "assisted" for token in TOKENS)
    assert 1850 < assisted < 2150


def test_another_seed_draws_other_studies() -> None:
    drawn = [
        [(policy.pair(token, blind=False), policy.in_control_arm(token)) for token in TOKENS]
        for policy in (ExposurePolicy("alternate", 0.1, seed) for seed in (0, 1))
    ]
    assert drawn[0] != drawn[1]


@pytest.mark.parametrize(("setting", "seen"), [("both", "assisted"), ("none", "blind")])
def test_the_settings_both_and_none_treat_all_readers_alike(setting: ExposureSetting, seen: str) -> None:
    policy = ExposurePolicy(setting, 0.1, 0)
    assert {one for token in TOKENS for one in policy.pair(token, blind=False)} == {seen}


@given(token=st.text(min_size=1), seed=seeds, setting=st.sampled_from(SETTINGS))
def test_what_is_to_be_blind_is_blind_for_all_whatever_the_setting(
    token: str, seed: int, setting: ExposureSetting
) -> None:
    assert ExposurePolicy(setting, 0.1, seed).pair(token, blind=True) == ("blind", "blind")


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_control_arm_has_about_its_share(share: float, seed: int) -> None:
    policy = ExposurePolicy("alternate", share, seed)
    drawn = sum(policy.in_control_arm(token) for token in TOKENS)
    assert abs(drawn / len(TOKENS) - share) <= 0.03


def test_the_control_arm_is_drawn_apart_from_who_is_assisted() -> None:
    policy = ExposurePolicy("alternate", 0.5, 0)
    both = sum(policy.in_control_arm(token) and policy.pair(token, blind=False)[0] == "assisted" for token in TOKENS)
    assert 850 < both < 1150
