"""How large what is read may be. Beyond, a file is refused by name instead of filling memory or running for hours."""

MOST_BYTES = 2**26
"""Bytes of one JSON document, or of one task of a Label Studio export, which may hold many."""

MOST_PIXELS = 5 * 10**7
"""Pixels of an image that is drawn on."""

MOST_POINTS = 10**6
"""Points of one region."""

MOST_CROSSINGS = 2_000
"""Places where one outline may cross itself; a hand-drawn one does so a few times."""

FARTHEST = 1e6
"""Pixels from the origin beyond which no outline of an image lies."""
