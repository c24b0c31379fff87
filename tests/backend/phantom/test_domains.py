import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from backend.phantom.domains import Domain, domain_digest, draw_domain, ranges

FROZEN_DOMAIN = "2445d5323b33673ec2bfd74dcb4c0acd86e3abbe54888d329dfed5370941892e"


def drawn(seed: int) -> Domain:
    return draw_domain(np.random.default_rng(seed))


@given(st.integers(0, 2**63 - 1))
def test_every_drawn_number_lies_within_its_stated_range(seed: int) -> None:
    domain = drawn(seed)
    for name, stated in ranges().items():
        value = getattr(domain, name)
        if "between" in stated:
            low, high = stated["between"]
            assert low <= value <= high, name
        elif "chance" in stated:
            assert isinstance(value, bool), name
        else:
            assert value in stated["one_of"], name


def test_the_draws_fill_their_ranges() -> None:
    many = [drawn(seed) for seed in range(400)]
    for name, stated in ranges().items():
        values = [getattr(one, name) for one in many]
        if "between" in stated:
            scale = np.log if stated["log"] else np.asarray
            low, high = scale(np.array(stated["between"]))
            shares = (scale(np.array(values)) - low) / (high - low)
            assert shares.min() < 0.05, name
            assert shares.max() > 0.95, name
        else:
            assert len(set(values)) > 1, name


def test_counts_and_pixels_span_what_the_documents_promise() -> None:
    assert ranges()["counts"]["between"] == (0.08, 3.6)
    assert ranges()["pixel_mm"]["between"] == (1.6, 3.4)


def test_the_ranges_are_named_by_a_digest_that_a_shipped_model_quotes() -> None:
    assert domain_digest() == FROZEN_DOMAIN
