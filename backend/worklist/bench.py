"""Who of the readers takes a study: by expertise first, then by what lies before them."""

from collections import Counter
from collections.abc import Collection, Sequence

from backend.store.tables import Reader
from backend.worklist.order import drawn


class Bench:
    """The readers who can take studies, and how much lies before each.

    The next study goes to whoever has the least left to read for their share of a full workload; among equals, to
    whoever has been given the least so far; among equals again a seeded draw by the study decides.

    Args:
        readers: the active ones.
        unread: studies still to read, by reader id.
        given: studies given so far, by reader id.
        seed: of the home.
    """

    def __init__(self, readers: Sequence[Reader], unread: Counter[int], given: Counter[int], seed: int) -> None:
        self.readers = tuple(readers)
        self._unread, self._given, self._seed = unread, given, seed

    def choose(self, token: str, number: int, taken: Collection[int], *, expert_wanted: bool) -> list[Reader]:
        """At most `number` readers for the study, without those whose ids are `taken`; fewer where there are no more.

        Args:
            expert_wanted: one of them is to be an expert, if any expert is free to take it.
        """
        free = sorted((one for one in self.readers if one.id not in taken), key=lambda one: self._weight(one, token))
        experts = [one for one in free if one.expert][: 1 if expert_wanted else 0]
        return [*experts, *(one for one in free if one not in experts)][:number]

    def give(self, reader: Reader) -> None:
        """Puts one more study before the reader."""
        self._unread[reader.id] += 1
        self._given[reader.id] += 1

    def _weight(self, reader: Reader, token: str) -> tuple[float, float, bytes]:
        unread, given = self._unread[reader.id] / reader.share, self._given[reader.id] / reader.share
        return unread, given, drawn("reader", self._seed, reader.number, token)
