"""Cohen's κ against scikit-learn's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from backend.measures.kappa import Calls, kappa, kappa_figure

cases = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40)


@given(cases)
def test_kappa_is_that_of_scikit_learn(pairs: list[tuple[bool, bool]]) -> None:
    first, second = zip(*pairs, strict=True)
    found = kappa(Calls.of(*pair) for pair in pairs)
    if set(first) == set(second) and len(set(first)) == 1:
        assert found is None
    else:
        assert found == pytest.approx(cohen_kappa_score(first, second))


def test_the_textbook_table() -> None:
    assert kappa([Calls(20, 5, 10, 15)]) == pytest.approx(0.4)


@given(st.dictionaries(st.text("abc", min_size=1), cases, max_size=5))
def test_its_interval_holds_possible_values(by_patient: dict[str, list[tuple[bool, bool]]]) -> None:
    figure = kappa_figure({patient: [Calls.of(*pair) for pair in pairs] for patient, pairs in by_patient.items()})
    assert figure.n == sum(map(len, by_patient.values()))
    if figure.low is not None and figure.high is not None:
        assert -1 <= figure.low <= figure.high <= 1


def test_kappa_of_no_case_is_undefined() -> None:
    assert kappa([]) is None
    assert kappa_figure({}).value is None
