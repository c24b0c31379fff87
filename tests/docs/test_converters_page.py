"""docs/converters.md is true: its example prints what it says."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "converters.md"


def test_the_example_of_the_converters_page_prints_what_the_page_says(capsys: pytest.CaptureFixture[str]) -> None:
    text = PAGE.read_text(encoding="utf-8")
    program = re.search(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    said = re.search(r"This prints `(.+?)` and `(.+?)`", text)
    assert program, "the page has lost its example"
    assert said, "the page has lost what its example prints"
    exec(program[1], {})  # noqa: S102 (the page's own example)
    assert capsys.readouterr().out.splitlines() == list(said.groups())


def test_the_comparison_has_its_place() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text.count("<!-- measured -->\n") == text.count("<!-- end of measured -->") == 1
