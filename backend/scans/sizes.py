"""How large an image may be: checked from its header, before anything is unpacked."""

from backend.errors import ScanError

MOST_PIXELS = 4096 * 4096
"""Whole-body scans have 262,144; a file that claims far more is damaged or meant to exhaust the memory."""


def check_size(rows: int, columns: int, source: str) -> None:
    """Raises: ScanError: the image has no pixels or too many."""
    if rows < 1 or columns < 1:
        raise ScanError(f"{rows} rows × {columns} columns: no pixels; fetch the file again", source=source)
    if rows * columns > MOST_PIXELS:
        raise ScanError(
            f"{rows} rows × {columns} columns is more than {MOST_PIXELS} pixels; send a whole-body image",
            source=source,
        )
