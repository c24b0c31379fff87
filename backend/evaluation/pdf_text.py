"""Type for a PDF: a font that travels in the file, and another for the signs that it lacks, such as Chinese names."""

import re
from functools import lru_cache
from html import escape
from pathlib import Path

import reportlab
from reportlab.lib import colors
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont

FONT, BOLD, OTHER_SIGNS = "Vera", "VeraBd", "STSong-Light"
INK, SOFT = colors.HexColor("#1c2330"), colors.HexColor("#5b6678")


def _style(
    name: str, size: float, *, font: str = FONT, colour: colors.Color = INK, before: float = 0
) -> ParagraphStyle:
    return ParagraphStyle(
        name, fontName=font, fontSize=size, leading=size * 1.28, textColor=colour, spaceBefore=before, spaceAfter=2
    )


STYLES = {
    "h1": _style("h1", 16, font=BOLD),
    "h2": _style("h2", 12.5, font=BOLD, before=12),
    "h3": _style("h3", 9, font=BOLD, before=7),
    "body": _style("body", 8.5),
    "note": _style("note", 8, colour=SOFT),
    "cell": _style("cell", 7.5),
    "head": _style("head", 7, font=BOLD, colour=SOFT),
    "small": _style("small", 6.5, colour=SOFT),
    "big": _style("big", 14, font=BOLD),
}


@lru_cache(maxsize=1)
def with_fonts() -> frozenset[int]:
    """Makes the fonts known; returns the characters that the first one has."""
    folder = Path(reportlab.__file__).parent / "fonts"
    for name in (FONT, BOLD):
        pdfmetrics.registerFont(TTFont(name, str(folder / f"{name}.ttf")))
    pdfmetrics.registerFontFamily(FONT, normal=FONT, bold=BOLD, italic=FONT, boldItalic=BOLD)
    pdfmetrics.registerFont(UnicodeCIDFont(OTHER_SIGNS))
    return frozenset(pdfmetrics.getFont(FONT).face.charToGlyph)


def rich(text: str) -> str:
    """The text for a paragraph, what the font lacks in the other one."""
    known = with_fonts()
    lacking = "".join(sorted({sign for sign in text if ord(sign) not in known}))
    if not lacking:
        return escape(text)
    parts = re.split(f"([{re.escape(lacking)}]+)", text)
    return "".join(
        f'<font name="{OTHER_SIGNS}">{escape(part)}</font>' if at % 2 else escape(part) for at, part in enumerate(parts)
    )
