"""The identity of a submission: where it was made, which one it is, and when it was submitted."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

Source = Literal["labelme", "label-studio", "label-studio-export"]
"""`label-studio` is this home's own server; annotation numbers of an exported file may be those of another one."""


@dataclass(frozen=True)
class Origin:
    """Written `source|name|submitted`; a repeat of it changes nothing.

    Attributes:
        name: a Labelme file's SHA-256, or `task:annotation` of Label Studio.
        submitted: by the source's clock, with its time zone.
    """

    source: Source
    name: str
    submitted: datetime

    @classmethod
    def parse(cls, text: str) -> "Origin":
        source, name, submitted = text.split("|")
        kinds: dict[str, Source] = {
            "labelme": "labelme",
            "label-studio": "label-studio",
            "label-studio-export": "label-studio-export",
        }
        return cls(kinds[source], name, datetime.fromisoformat(submitted))

    def __str__(self) -> str:
        return f"{self.source}|{self.name}|{self.submitted.astimezone(UTC).isoformat()}"

    @property
    def is_live(self) -> bool:
        """It came from this home's own Label Studio, where it may be taken back."""
        return self.source == "label-studio"

    @property
    def identity(self) -> tuple[str, datetime]:
        """The same for a submission that came both from the server and by an exported file."""
        return self.name, self.submitted

    @property
    def task(self) -> int | None:
        return None if self.source == "labelme" else int(self.name.partition(":")[0])

    @property
    def annotation(self) -> int | None:
        return None if self.source == "labelme" else int(self.name.partition(":")[2])
