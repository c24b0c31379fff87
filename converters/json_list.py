"""The elements of a huge JSON list, one after the other, each as its own bytes.

Only brackets, commas and quotes are looked at, so that one broken element costs that element and not the file,
elements can be parsed in other processes, and memory holds one element and one block at a time.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from converters.errors import UnreadableFile
from converters.limits import MOST_BYTES

BLOCK = 2**20
"""Bytes read at a time."""

ESCAPE = re.compile(rb"\\.", re.DOTALL)
MARK = b"\xef\xbb\xbf"
SPACE = b" \t\r\n"
DEPTH_CHANGE = np.zeros(256, np.int64)
DEPTH_CHANGE[list(b"[{")] = 1
DEPTH_CHANGE[list(b"]}")] = -1


def is_list(head: bytes) -> bool:
    """Whether a file that starts with `head` is a JSON list."""
    return head.removeprefix(MARK).lstrip(SPACE)[:1] == b"["


def elements(stream: BinaryIO, source: str) -> Iterator[bytes | None]:
    """The list's elements, in order; None for one of more than MOST_BYTES.

    Raises:
        UnreadableFile: the file ends within the list or goes on behind it; what came before was given.
    """
    list_ = _List(source)
    for block in _blocks(stream):
        yield from list_.read(block)
    list_.end()


@dataclass
class _List:
    """Where in the list the reading is, and what of the element there has been read."""

    source: str
    depth: int = 0
    inside_text: bool = False
    ended: bool = False
    too_large: bool = False
    pending: bytearray = field(default_factory=bytearray)

    def read(self, block: bytes) -> Iterator[bytes | None]:
        characters, self.inside_text = _characters(block, self.inside_text)
        depths = self.depth + np.cumsum(DEPTH_CHANGE[characters])
        start = 0
        for border in _borders(characters, depths).tolist():
            yield from self._close(block[start:border], block[border : border + 1])
            self.depth, self.ended = int(depths[border]), depths[border] == 0
            start = border + 1
        self.depth = int(depths[-1])
        if not self.too_large:
            self.pending += block[start:]
        if len(self.pending) > MOST_BYTES:
            self.pending.clear()
            self.too_large = True

    def end(self) -> None:
        if not self.ended or self.depth or self.inside_text:
            raise UnreadableFile("the file breaks off within the list; export it again", source=self.source)
        self._check_beside(bytes(self.pending))

    def _close(self, last: bytes, border: bytes) -> Iterator[bytes | None]:
        content, too_large = bytes(self.pending + last), self.too_large
        self.pending.clear()
        self.too_large = False
        if self.depth == 0:
            self._check_beside(content + border if self.ended else content.removeprefix(MARK))
        elif too_large or len(content) > MOST_BYTES:
            yield None
        elif content.strip(SPACE) or border == b",":
            yield content

    def _check_beside(self, content: bytes) -> None:
        if content.strip(SPACE):
            raise UnreadableFile("text beside the list; export it again", source=self.source)


def _blocks(stream: BinaryIO) -> Iterator[bytes]:
    """Blocks none of which ends within an escape."""
    while block := stream.read(BLOCK):
        backslashes = len(block) - len(block.rstrip(b"\\"))
        yield block + stream.read(1) if backslashes % 2 else block


def _characters(block: bytes, inside_text: bool) -> tuple[NDArray[np.uint8], bool]:
    """The block with everything within quotes blanked, and whether it ends within quotes."""
    masked = ESCAPE.sub(b"__", block) if b"\\" in block else block
    characters = np.frombuffer(masked, np.uint8).copy()
    quotes = np.cumsum(characters == ord('"')) + inside_text
    characters[quotes % 2 == 1] = ord(" ")
    return characters, bool(quotes[-1] % 2)


def _borders(characters: NDArray[np.uint8], depths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where the list begins, its elements end, and it ends."""
    opens = (characters == ord("[")) & (depths == 1)
    parts = (characters == ord(",")) & (depths == 1)
    closes = (characters == ord("]")) & (depths == 0)
    return np.flatnonzero(opens | parts | closes)
