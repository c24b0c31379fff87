"""Errors of the converters: each message names the file or field, the value and the mend."""


class ConversionError(Exception):
    """A file, region or mask that cannot be converted faithfully.

    Args:
        message: what is wrong and how to mend it, in one sentence.
        source: the file it is about, where there is one.
        field: the field inside the file, e.g. `shapes[3].points`.
    """

    def __init__(self, message: str, *, source: str | None = None, field: str | None = None) -> None:
        self.message = message
        self.source = source
        self.field = field
        super().__init__(": ".join(part for part in (source, field, message) if part))


class UnreadableFile(ConversionError):
    """Not the format it claims to be, or damaged."""


class BadRegion(ConversionError):
    """A shape with no meaning here: unknown label, too few points, not a number, outside the image."""


class LeftOut(BadRegion):
    """A shape of a label that was asked to be left out."""


class WouldLose(ConversionError):
    """The target format cannot hold what the source says."""


class NameTaken(ConversionError):
    """Two outputs of one name."""
