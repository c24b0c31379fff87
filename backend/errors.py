"""Everything that can go wrong and be mended by the person who reads the message.

ScintiloopError
  ├── SettingsError        a setting or secret is missing or impossible
  ├── InputError           a file, row or request from outside is not usable
  │     ├── ScanError          an image or DICOM file
  │     ├── ReadingError       a reader's file or submission
  │     └── ImageUnknown       an image that no study has, or that fits several
  ├── NotFound             nothing has that name
  ├── Refused              a rule of the product forbids it
  │     ├── Blinded            it would show one reader another's reading, or a model's opinion
  │     ├── Sequestered        it would let a model touch the frozen test set
  │     └── NotPromotable      the gate's verdict forbids this promotion
  ├── Cancelled            the person who asked for it took it back
  ├── TrainingDiverged     a loss or a weight is no number any more
  ├── WrongState           it cannot be done now (a run that has ended, a reading not yet sealed)
  │     ├── InHand             another physician has the case
  │     ├── Stale              something was decided since the page was loaded
  │     └── Revised            a reading was revised since the work began
  └── ServiceError         a service of ours, or the machine it runs on, does not do its part
"""


class ScintiloopError(Exception):
    """Base of all; the message names the file or field, the value and the mend, and no patient."""


class SettingsError(ScintiloopError):
    pass


class InputError(ScintiloopError):
    """Args: message; `source` the file, row or request it is about; `field` the field inside it."""

    def __init__(self, message: str, *, source: str | None = None, field: str | None = None) -> None:
        self.message = message
        self.source = source
        self.field = field
        super().__init__(": ".join(part for part in (source, field, message) if part))


class ScanError(InputError):
    pass


class ReadingError(InputError):
    pass


class ImageUnknown(InputError):
    pass


class NotFound(ScintiloopError):
    pass


class Refused(ScintiloopError):
    pass


class Blinded(Refused):
    pass


class Sequestered(Refused):
    pass


class NotPromotable(Refused):
    pass


class Cancelled(ScintiloopError):
    pass


class TrainingDiverged(ScintiloopError):
    pass


class WrongState(ScintiloopError):
    pass


class InHand(WrongState):
    pass


class Stale(WrongState):
    pass


class Revised(WrongState):
    pass


class ServiceError(ScintiloopError):
    pass
