"""The example on the page about agreement says what comes out."""

import re
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "agreement.md"


def test_the_example_gives_what_the_page_says() -> None:
    [program] = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    asked = re.findall(r"^(.+?)  # → (.+)$", program, re.MULTILINE)
    names: dict[str, Any] = {}
    exec(program, names)  # noqa: S102 (our own page)
    assert len(asked) == 6
    for expression, said in asked:
        value, expected = eval(expression, names), eval(said)  # noqa: S307
        assert value == (pytest.approx(expected) if isinstance(expected, float) else expected), expression
