"""What of a person leaves a DICOM file: pseudonyms made with a key, age, sex and the day of the scan, nothing else."""

import datetime
import re
from collections.abc import Callable

from pydicom.dataset import Dataset

from backend.errors import ScanError
from backend.records import Visit

Pseudonym = Callable[[str, str], str]
"""(purpose, identifier) → pseudonym; the same for the same identifier, of no use without the key."""

OLDEST = 90.0
"""Higher ages are few enough to name a person; they are kept as this one."""
DAYS_OF_AGE_UNIT = {"D": 1.0, "W": 7.0, "M": 365.25 / 12, "Y": 365.25}
SEXES = {"F": "F", "M": "M", "O": "X"}


def visit_of(dataset: Dataset, source: str, pseudonym: Pseudonym) -> Visit:
    """The visit that a DICOM file belongs to; a date or age that cannot be read is left out.

    Raises:
        ScanError: the file does not say which patient or study it belongs to.
    """
    patient, study = (_identifier(dataset, field, source) for field in ("PatientID", "StudyInstanceUID"))
    issuer = str(dataset.get("IssuerOfPatientID") or "").strip()
    return Visit(
        patient=pseudonym("patient", f"{issuer}\0{patient}"),
        study=pseudonym("study", study),
        date=scan_date(dataset),
        age=age_of(dataset),
        sex=sex_of(dataset),
    )


def scan_date(dataset: Dataset) -> datetime.date | None:
    dates = (_date(dataset.get(field)) for field in ("StudyDate", "AcquisitionDate"))
    return next((date for date in dates if date), None)


def age_of(dataset: Dataset) -> float | None:
    """Age in years at the scan, from Patient's Age or else from the birth date; at most `OLDEST`."""
    given = re.fullmatch(r"(\d{3})([DWMY])", str(dataset.get("PatientAge") or "").strip())
    born, scanned = _date(dataset.get("PatientBirthDate")), scan_date(dataset)
    if given:
        days = int(given[1]) * DAYS_OF_AGE_UNIT[given[2]]
    elif born and scanned and born <= scanned:
        days = float((scanned - born).days)
    else:
        return None
    return cap_age(round(days / DAYS_OF_AGE_UNIT["Y"], 1))


def cap_age(age: float) -> float:
    return min(age, OLDEST)


def sex_of(dataset: Dataset) -> str | None:
    return SEXES.get(str(dataset.get("PatientSex") or "").strip().upper())


def _identifier(dataset: Dataset, field: str, source: str) -> str:
    value = str(dataset.get(field) or "").strip()
    if not value:
        raise ScanError(
            "is empty, so the file belongs to nobody; list it in studies.csv with its patient and study",
            source=source,
            field=field,
        )
    return value


def _date(value: object) -> datetime.date | None:
    try:
        return datetime.datetime.strptime(str(value or "").strip(), "%Y%m%d").replace(tzinfo=datetime.UTC).date()
    except ValueError:
        return None
