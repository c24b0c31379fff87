"""Sentences for people that can be said in another language: the template is kept beside the words."""

from typing import Any


class Sentence(str):
    """A finished English sentence that remembers what it was made from.

    Attributes:
        template: with `{names}`, the key by which it is translated.
        values: what stands for the names.
    """

    template: str
    values: dict[str, Any]


def say(template: str, **values: Any) -> Sentence:
    """The template with its values put in."""
    sentence = Sentence(template.format(**values))
    sentence.template, sentence.values = template, values
    return sentence
