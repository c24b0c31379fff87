import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from converters.errors import UnreadableFile
from converters.mask_pixels import read_pixels


def png(width, height, depth=8, colour=0, data=b""):
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


def saved(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


WHOLE = saved(Image.fromarray(np.random.default_rng(0).integers(0, 2, (64, 64), np.uint8) * 255), "PNG")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(b"", "is no PNG, GIF, TIFF, BMP image", id="empty"),
        pytest.param(b"{}", "is no PNG, GIF, TIFF, BMP image", id="no image"),
        pytest.param(WHOLE[: len(WHOLE) // 2], "cut short", id="truncated"),
        pytest.param(WHOLE[:200] + b"\0" * 80 + WHOLE[280:], "damaged", id="overwritten"),
        pytest.param(png(100_000, 100_000), "size|no scan", id="ten thousand million pixels"),
        pytest.param(png(10_001, 10_000), "10000 rows × 10001 columns is no scan", id="a hundred million and more"),
        pytest.param(png(0, 10), "no PNG|damaged", id="no width"),
        pytest.param(saved(Image.new("L", (9, 9)), "JPEG"), "JPEG, which blurs", id="JPEG"),
        pytest.param(saved(Image.new("CMYK", (9, 9)), "TIFF"), "colours of the kind CMYK", id="CMYK"),
        pytest.param(saved(Image.new("F", (9, 9)), "TIFF"), "colours of the kind F", id="fractions"),
        pytest.param(
            saved(Image.new("L", (9, 9)), "TIFF", save_all=True, append_images=[Image.new("L", (9, 9))]),
            "several pages",
            id="pages",
        ),
        pytest.param(saved(Image.new("L", (9, 9)), "WEBP", lossless=True), "is no PNG", id="WebP"),
    ],
)
def test_a_file_that_is_no_mask_is_refused(content, says):
    with pytest.raises(UnreadableFile) as refused:
        read_pixels(content, "a.png")
    assert refused.value.source == "a.png"
    assert any(part in refused.value.message for part in says.split("|")), refused.value.message


def test_a_picture_that_is_to_be_turned_is_refused():
    exif = Image.Exif()
    exif[0x0112] = 6
    with pytest.raises(UnreadableFile, match="save it upright"):
        read_pixels(saved(Image.new("L", (9, 9)), "PNG", exif=exif), "a.png")


def test_a_photograph_is_refused():
    pixels = np.arange(300 * 300 * 3, dtype=np.uint32).view(np.uint8).reshape(300, 1200, 3)
    with pytest.raises(UnreadableFile, match="different colours; it is a photograph"):
        read_pixels(saved(Image.fromarray(pixels), "PNG"), "a.png")


@pytest.mark.parametrize("kind", ["uint8", "int32"])
def test_pixels_of_every_value_are_counted_and_the_first_is_found(kind):
    values = np.array([[0, 7, 7], [3, 0, 7]], kind)
    pixels = read_pixels(saved(Image.fromarray(values), "TIFF"), "a.tif")
    assert {value: level.pixels for value, level in pixels.levels.items()} == {0: 2, 3: 1, 7: 3}
    assert [pixels.first(value) for value in (3, 7)] == [(0, 1), (1, 0)]
    assert np.array_equal(pixels.numbers, values)
