"""A machine that checks everything may skip nothing but what needs a GPU."""

from pathlib import Path

import pytest

pytest_plugins = "pytester"

TESTS = """
import pytest

@pytest.fixture
def absent():
    pytest.skip("no browser here")

def test_that_can_run(): pass
def test_in_a_browser(absent): pass
@pytest.mark.skipif(True, reason="needs a CUDA GPU")
def test_on_a_gpu(): pass
@pytest.mark.xfail
def test_that_is_expected_to_fail(): assert False
"""
MODULE = 'import pytest\npytest.skip("no server here", allow_module_level=True)\n'


@pytest.fixture
def outcomes(pytester):
    """Runs the tests above under the suite's own rules."""

    def run():
        pytester.makeconftest((Path(__file__).parent / "conftest.py").read_text())
        pytester.makepyfile(test_some=TESTS, test_whole_module=MODULE)
        return pytester.runpytest("-p", "no:cacheprovider", "--continue-on-collection-errors")

    return run


def test_elsewhere_a_skip_is_a_skip(outcomes, monkeypatch):
    monkeypatch.delenv("SCINTILOOP_TESTS_SKIP_NOTHING", raising=False)
    outcomes().assert_outcomes(passed=1, skipped=3, xfailed=1)


def test_where_nothing_may_be_skipped_a_skip_is_a_failure(outcomes, monkeypatch):
    monkeypatch.setenv("SCINTILOOP_TESTS_SKIP_NOTHING", "1")
    done = outcomes()
    done.assert_outcomes(passed=1, skipped=1, errors=2, xfailed=1)
    done.stdout.fnmatch_lines(["*no browser here*nothing may be skipped*"])
    assert done.ret != 0
