"""What became of what arrived."""

from dataclasses import dataclass

from backend.errors import InputError, ReadingError
from converters.errors import ConversionError


@dataclass(frozen=True)
class Receipt:
    """Counts of one arrival, or of many added up.

    Attributes:
        new: readings sealed now (one per projection).
        repeated: readings that were sealed before.
        passed_over: drafts, skipped tasks, predictions, and worklist files that came back as they left.
        changed: images whose counting reading is another one now.
        errors: what was refused, each by name.
    """

    new: int = 0
    repeated: int = 0
    passed_over: int = 0
    changed: frozenset[int] = frozenset()
    errors: tuple[InputError, ...] = ()

    def __add__(self, other: "Receipt") -> "Receipt":
        return Receipt(
            self.new + other.new,
            self.repeated + other.repeated,
            self.passed_over + other.passed_over,
            self.changed | other.changed,
            self.errors + other.errors,
        )


def refusal(problems: tuple[ConversionError, ...], source: str) -> ReadingError:
    """One error for a reading with bad regions: without them it would say less than its reader did."""
    first = problems[0]
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return ReadingError(f"{first.message}{more}; mend the file and send it again", source=source, field=first.field)
