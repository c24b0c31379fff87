"""Readers' files as accidents and attackers leave them."""

import copy
import json
import random
from collections.abc import Callable
from typing import Any

HOSTILE: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 10**400, -0.0, 1e-300, 1e308, float("nan"), float("inf"), 0.5,
    "", "a", "0", "../../../etc/passwd", "\x00", "\ud800", "é" * 300, "9" * 5000, "data:image/png;base64,AAAA",
    [], {}, [[]], [None], {"": None}, [[0, 0], [1, 1], [2, 2]], [["a", "b"]], ["metastasis", "bladder"],
)  # fmt: skip
DEEP = 50_000
LONG = 1_000


def mutated(content: bytes, chance: random.Random) -> bytes:
    """The file with one to three accidents; those in JSON mostly leave JSON."""
    for _ in range(chance.choice((1, 1, 2, 3))):
        if content[:1] in (b"{", b"[") and chance.random() < 0.75:
            content = edited(content, chance)
        else:
            content = chance.choice(BYTES)(content, chance)
    return content


def edited(content: bytes, chance: random.Random) -> bytes:
    """The file with one accident inside its JSON."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return chance.choice(BYTES)(content, chance)
    if not isinstance(document, dict | list) or not document:
        return content
    chance.choice(EDITS)(*_place(document, chance), chance)
    text = json.dumps(document, ensure_ascii=chance.random() < 0.5)
    if chance.random() < 0.01:
        text = text.replace("[", "[" * DEEP, 1)
    return text.encode("utf-8", "surrogatepass")


def _place(parent: Any, chance: random.Random) -> tuple[Any, Any]:
    """A place in the document, as its parent and the key there; deep places as likely as shallow ones."""
    while True:
        key = chance.choice(list(parent) if isinstance(parent, dict) else range(len(parent)))
        inner = parent[key]
        if not isinstance(inner, dict | list) or not inner or chance.random() < 0.15:
            return parent, key
        parent = inner


def _replace(parent: Any, key: Any, chance: random.Random) -> None:
    parent[key] = copy.deepcopy(chance.choice(HOSTILE))


def _remove(parent: Any, key: Any, chance: random.Random) -> None:
    del parent[key]


def _move(parent: Any, key: Any, chance: random.Random) -> None:
    """A number a little or far away, else another value of the same parent."""
    value = parent[key]
    if isinstance(value, int | float) and not isinstance(value, bool):
        parent[key] = value + (chance.choice((1e-9, 0.5, 1, -1, 100, -1e4)) if abs(value) < 1e300 else value)
    else:
        others = list(parent.values() if isinstance(parent, dict) else parent)
        parent[key] = copy.deepcopy(chance.choice(others))


def _repeat(parent: Any, key: Any, chance: random.Random) -> None:
    if isinstance(parent, list):
        parent[key:key] = [copy.deepcopy(parent[key])] * chance.choice((1, 2, 50))
    else:
        parent[f"{key}2"] = copy.deepcopy(parent[key])


def _lengthen(parent: Any, key: Any, chance: random.Random) -> None:
    if isinstance(parent[key], list) and parent[key]:
        parent[key] = (parent[key] * LONG)[: chance.choice((100, 300, LONG))]


def _shuffle(parent: Any, key: Any, chance: random.Random) -> None:
    if isinstance(parent[key], list):
        chance.shuffle(parent[key])


EDITS: tuple[Callable[[Any, Any, random.Random], None], ...] = (
    _replace, _replace, _replace, _remove, _move, _move, _repeat, _lengthen, _shuffle,
)  # fmt: skip


def _flip(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.choice((1, 1, 4, 30))):
        if changed:
            changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def _cut(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content) + 1)]


def _drop(content: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(content) + 1)
    return content[:start] + content[start + chance.choice((1, 2, 16, 300)) :]


def _double(content: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(content) + 1)
    piece = content[start : start + chance.choice((1, 8, 200))]
    return content[:start] + piece * chance.choice((1, 2, 40)) + content[start:]


def _mark(content: bytes, chance: random.Random) -> bytes:
    return b"\xef\xbb\xbf" + content


BYTES: tuple[Callable[[bytes, random.Random], bytes], ...] = (_flip, _flip, _cut, _drop, _double, _mark)
