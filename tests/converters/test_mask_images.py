import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from converters.drawn import Dialect
from converters.mask_images import image_key, is_mask_image, read_mask_images
from converters.rasterise import draw

RED, GREEN = (255, 0, 0), (0, 255, 0)
OURS = Dialect()
TABLE = Dialect(colours={RED: "metastasis", GREEN: "bladder"})
NUMBERS = Dialect(numbers={1: "metastasis", 2: "bladder"})


def save(path, pixels, mode=None, **options):
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(np.asarray(pixels), mode)
    image.save(path, **options)
    return path


def lesion(rows=6, columns=5, value=255, dtype=np.uint8):
    pixels = np.zeros((rows, columns), dtype)
    pixels[1:3, 1:4] = value
    return pixels


def painted(rows=6, columns=5):
    return lesion(rows, columns).astype(bool)


def read(*paths, dialect=OURS):
    found = read_mask_images(paths, dialect)
    assert found.problems == ()
    (drawn,) = found.images
    return drawn


def covered(drawn, label="metastasis"):
    return draw(drawn.regions, drawn.shape).masks[label]


def indexed(pixels, *colours):
    image = Image.fromarray(np.asarray(pixels, np.uint8), "P")
    image.putpalette([channel for colour in colours for channel in colour])
    return image


@pytest.mark.parametrize(
    ("name", "dialect", "is_one"),
    [
        ("a.metastasis.png", OURS, True),
        ("a.2.bladder.png", OURS, True),
        ("a.metastasis.instances.png", OURS, True),
        ("a.METASTASIS.PNG", OURS, False),
        ("a.metastasis.TIF", OURS, True),
        ("a.png", OURS, False),
        (".metastasis.png", OURS, False),
        ("metastasis.png", OURS, False),
        ("a.metastasis.json", OURS, False),
        ("a.lesion.png", OURS, False),
        ("a.lesion.png", Dialect(labels={"lesion": "metastasis"}), True),
        ("a.lesion.png", Dialect(labels={"lesion": None}, numbers={1: "metastasis"}), False),
        ("a.png", TABLE, True),
        ("a.jpg", NUMBERS, True),
        ("a.json", TABLE, False),
    ],
)
def test_files_are_masks_by_their_names_and_with_a_table_all_pictures_are(name, dialect, is_one):
    assert is_mask_image(Path(name), dialect) is is_one


def test_the_masks_of_one_image_and_reader_belong_together():
    names = ["a.2.metastasis.png", "a.2.bladder.png", "a.2.metastasis.instances.png"]
    assert {image_key(Path("x") / name, OURS) for name in names} == {Path("x/a.2")}
    assert len({image_key(Path(name), TABLE) for name in ("a.png", "a.gif", "b.png")}) == 3


def test_masks_of_both_labels_come_back_exactly(tmp_path):
    bladder = np.eye(6, 5, dtype=bool)
    drawn = read(
        save(tmp_path / "a.7.metastasis.png", lesion()),
        save(tmp_path / "a.7.bladder.png", bladder.astype(np.uint8) * 255),
    )
    assert np.array_equal(covered(drawn), painted())
    assert np.array_equal(covered(drawn, "bladder"), bladder)
    assert (drawn.stem, drawn.reader, drawn.image, drawn.shape) == ("a", "7", "a.png", (6, 5))
    assert (drawn.origin.name, drawn.origin.format) == ("a.7.bladder.png", "image")
    assert [name for name, _ in drawn.origin.further] == ["a.7.metastasis.png"]
    assert drawn.problems == ()


def test_maps_of_regions_are_read_with_their_numbers(tmp_path):
    numbers = np.array([[1, 1, 0, 40000], [0, 0, 0, 40000], [1, 0, 2, 2]], np.uint16)
    drawn = read(
        save(tmp_path / "a.metastasis.instances.png", numbers),
        save(tmp_path / "a.metastasis.png", (numbers > 0).astype(np.uint8) * 255),
        save(tmp_path / "a.bladder.png", np.zeros((3, 4), np.uint8)),
    )
    assert [region.identifier for region in drawn.regions] == ["1", "2", "40000"]
    assert np.array_equal(covered(drawn), numbers > 0)


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(indexed(lesion(value=3), *[(0, 0, 0)] * 4), id="a palette without colours"),
        pytest.param(Image.fromarray(np.dstack([lesion(value=3)] * 3)), id="grey as RGB"),
        pytest.param(Image.fromarray(lesion(value=3)), id="8 bits"),
    ],
)
def test_maps_may_be_of_any_kind_that_has_numbers(tmp_path, image):
    drawn = read(save(tmp_path / "a.metastasis.instances.png", image))
    assert [region.identifier for region in drawn.regions] == ["3"]
    assert np.array_equal(covered(drawn), painted())


@pytest.mark.parametrize(
    ("image", "note"),
    [
        pytest.param(Image.fromarray(lesion(value=1)), "grey 1 is taken to be the label", id="0 and 1"),
        pytest.param(Image.fromarray(lesion(value=65535, dtype=np.uint16)), "grey 65535", id="16 bits"),
        pytest.param(Image.fromarray(lesion().astype(bool)), None, id="1 bit"),
        pytest.param(Image.fromarray(np.dstack([lesion()] * 3)), None, id="white on black RGB"),
        pytest.param(Image.fromarray(np.dstack([lesion(value=0)] * 3 + [lesion()])), "grey 0", id="black on nothing"),
        pytest.param(Image.fromarray(np.dstack([lesion(), lesion()]), "LA"), None, id="white on nothing"),
        pytest.param(indexed(lesion(value=1), (0, 0, 0), (128, 0, 0)), "#800000", id="a colour of a palette"),
    ],
)
def test_what_is_not_ground_is_the_label(tmp_path, image, note):
    drawn = read(save(tmp_path / "a.metastasis.png", image))
    assert drawn.problems == ()
    assert note is None or any(note in said for said in drawn.notes)
    assert np.array_equal(covered(drawn), painted())


def test_a_label_without_a_file_is_noted(tmp_path):
    drawn = read(save(tmp_path / "a.metastasis.png", lesion()))
    assert "no file for bladder: none is taken to be drawn" in drawn.notes


def test_a_mask_that_seems_inverted_is_noted(tmp_path):
    drawn = read(save(tmp_path / "a.metastasis.png", 255 - lesion()))
    assert "metastasis covers 80% of the image; was the mask inverted?" in drawn.notes


def test_smoothed_borders_are_problems_by_grey_and_place_and_the_rest_is_read(tmp_path):
    pixels = lesion()
    pixels[4, 2:4] = 90
    drawn = read(save(tmp_path / "a.metastasis.png", pixels))
    assert np.array_equal(covered(drawn), painted())
    (problem,) = drawn.problems
    assert problem.source == "a.metastasis.png"
    assert "grey 90: 2 pixels, the first at column 2, row 4" in problem.message
    assert "without smoothing" in problem.message


def test_many_greys_are_a_few_problems(tmp_path):
    drawn = read(save(tmp_path / "a.metastasis.png", np.arange(100, dtype=np.uint8).reshape(10, 10)))
    assert len(drawn.problems) == 6
    assert "94 more colours (94 pixels)" in drawn.problems[-1].message
    assert drawn.regions == ()


def test_a_table_of_colours_reads_both_labels_of_one_image(tmp_path):
    pixels = np.zeros((6, 5, 3), np.uint8)
    pixels[1:3, 1:4] = RED
    pixels[4, 0] = GREEN
    drawn = read(save(tmp_path / "case.png", pixels), dialect=TABLE)
    assert np.array_equal(covered(drawn), painted())
    assert np.argwhere(covered(drawn, "bladder")).tolist() == [[4, 0]]
    assert (drawn.stem, drawn.reader, drawn.image) == ("case", None, "case.png")


@pytest.mark.parametrize("suffix", [".png", ".gif", ".tif", ".bmp"])
def test_palettes_are_read_by_colour_and_by_number(tmp_path, suffix):
    path = save(tmp_path / f"a{suffix}", indexed(lesion(value=1), (0, 0, 0), RED, GREEN))
    assert np.array_equal(covered(read(path, dialect=TABLE)), painted())
    if suffix != ".gif":  # GIF's writer may sort its palette
        assert np.array_equal(covered(read(path, dialect=NUMBERS)), painted())


@pytest.mark.parametrize(
    ("image", "numbers"),
    [
        pytest.param(Image.fromarray(lesion(value=2)), {2: "metastasis"}, id="8 bits"),
        pytest.param(Image.fromarray(lesion(value=700, dtype=np.uint16)), {700: "metastasis"}, id="16 bits"),
        pytest.param(Image.fromarray(lesion(value=2).astype(np.int32)), {2: "metastasis"}, id="32 bits"),
        pytest.param(Image.fromarray(painted()), {1: "metastasis"}, id="1 bit as 1"),
        pytest.param(Image.fromarray(painted()), {255: "metastasis"}, id="1 bit as 255"),
        pytest.param(Image.fromarray(np.dstack([lesion(value=2)] * 3)), {2: "metastasis"}, id="grey as RGB"),
    ],
)
def test_a_table_of_numbers_reads_greys(tmp_path, image, numbers):
    drawn = read(save(tmp_path / "a.tif", image), dialect=Dialect(numbers=numbers))
    assert drawn.problems == ()
    assert np.array_equal(covered(drawn), painted())


def test_transparent_pixels_are_background_and_half_transparent_ones_a_problem(tmp_path):
    pixels = np.zeros((4, 4, 4), np.uint8)
    pixels[0, 0], pixels[1, 1], pixels[2, 2] = (*RED, 255), (*RED, 0), (*RED, 128)
    drawn = read(save(tmp_path / "a.png", pixels), dialect=TABLE)
    assert np.argwhere(covered(drawn)).tolist() == [[0, 0]]
    assert any("1 transparent pixels of colour #ff0000" in note for note in drawn.notes)
    (problem,) = drawn.problems
    assert "#ff0000, 50% opaque: 1 pixels, the first at column 2, row 2" in problem.message


def test_a_colour_without_meaning_is_a_problem(tmp_path):
    pixels = np.zeros((4, 4, 3), np.uint8)
    pixels[0, 0], pixels[3, 1] = RED, (127, 0, 0)
    drawn = read(save(tmp_path / "a.png", pixels), dialect=TABLE)
    (problem,) = drawn.problems
    assert "colour #7f0000: 1 pixels, the first at column 1, row 3" in problem.message
    assert np.count_nonzero(covered(drawn)) == 1


def test_number_and_colour_that_say_two_things_are_a_problem(tmp_path):
    both = Dialect(colours={RED: "metastasis"}, numbers={1: "bladder"})
    drawn = read(save(tmp_path / "a.png", indexed(lesion(value=1), (0, 0, 0), RED)), dialect=both)
    assert drawn.regions == ()
    assert "different meanings" in drawn.problems[0].message


def test_the_certificate_beside_says_image_reader_and_exclusion(tmp_path):
    told = {"image": "ward/a b.png", "reader": "ann@ward", "exclusion": "unreadable", "rows": 6, "columns": 5}
    told["outputs"] = {"a b.ann@ward.metastasis.png": "…"}
    (tmp_path / "a b.ann@ward.certificate.json").write_text(json.dumps(told))
    drawn = read(save(tmp_path / "a b.ann@ward.metastasis.png", lesion()))
    assert (drawn.stem, drawn.reader, drawn.image) == ("a b", "ann@ward", "ward/a b.png")
    assert drawn.exclusion == "unreadable"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"rows": 7}, id="of an image of another size"),
        pytest.param({"outputs": {"b.metastasis.png": "…"}}, id="of other files"),
        pytest.param({"reader": "../../etc"}, id="with a reader who is a path"),
        pytest.param({"image": 3}, id="without an image"),
        pytest.param({"exclusion": "a patient's name"}, id="with an exclusion of other words"),
    ],
)
def test_a_certificate_that_cannot_be_theirs_says_nothing(tmp_path, change):
    told = {"image": "z.png", "reader": "3", "rows": 6, "columns": 5, "outputs": {"a.3.metastasis.png": "…"}}
    (tmp_path / "a.3.certificate.json").write_text(json.dumps(told | change))
    drawn = read(save(tmp_path / "a.3.metastasis.png", lesion()))
    assert (drawn.stem, drawn.reader, drawn.image, drawn.exclusion) == ("a", "3", "a.png", None)


def test_the_image_beside_says_what_it_is_called_and_numbers_in_names_are_noted(tmp_path):
    (tmp_path / "scan.001.dcm").touch()
    drawn = read(save(tmp_path / "scan.001.metastasis.png", lesion()))
    assert (drawn.stem, drawn.reader, drawn.image) == ("scan.001", None, "scan.001.dcm")
    drawn = read(save(tmp_path / "scan.001.12.metastasis.png", lesion()))
    assert (drawn.stem, drawn.reader, drawn.image) == ("scan.001", "12", "scan.001.dcm")
    assert any("reader 12" in note for note in drawn.notes)


@pytest.mark.parametrize(("name", "dialect"), [("a.metastasis.png", OURS), ("a.png", TABLE)])
def test_a_file_that_is_no_image_is_refused_by_name(tmp_path, name, dialect):
    (tmp_path / name).write_bytes(b"")
    found = read_mask_images([tmp_path / name], dialect)
    assert found.images == ()
    assert [problem.source for problem in found.problems] == [name]


def test_a_picture_of_which_nothing_is_said_is_refused_with_the_mend(tmp_path):
    (problem,) = read_mask_images([save(tmp_path / "a.png", lesion())], OURS).problems
    assert "--colours" in problem.message


def test_a_file_that_is_gone_is_a_problem(tmp_path):
    (problem,) = read_mask_images([tmp_path / "a.metastasis.png"], OURS).problems
    assert "cannot be opened" in problem.message


def test_masks_of_one_image_have_one_size(tmp_path):
    found = read_mask_images(
        [save(tmp_path / "a.metastasis.png", lesion()), save(tmp_path / "a.bladder.png", lesion(9, 9))], OURS
    )
    assert found.images == ()
    assert "6 rows × 5 columns, a.bladder.png 9 × 9" in str(found.problems[0])


def test_one_bad_mask_keeps_the_image_from_being_half_read(tmp_path):
    (tmp_path / "a.bladder.png").write_bytes(b"")
    found = read_mask_images([save(tmp_path / "a.metastasis.png", lesion()), tmp_path / "a.bladder.png"], OURS)
    assert found.images == ()
    assert [problem.source for problem in found.problems] == ["a.bladder.png"]


def test_a_map_that_marks_other_pixels_than_the_mask_is_a_problem(tmp_path):
    other = lesion()
    other[5, 4] = 255
    drawn = read(
        save(tmp_path / "a.metastasis.instances.png", lesion(value=1)), save(tmp_path / "a.metastasis.png", other)
    )
    assert drawn.regions == ()
    assert "marks other pixels than a.metastasis.png" in drawn.problems[0].message


def test_a_map_with_colours_is_a_problem(tmp_path):
    drawn = read(save(tmp_path / "a.metastasis.instances.png", np.full((4, 4, 3), RED, np.uint8)))
    assert "grey or palette" in drawn.problems[0].message


def test_a_second_mask_of_a_label_is_a_problem(tmp_path):
    drawn = read(save(tmp_path / "a.metastasis.png", lesion()), save(tmp_path / "a.metastasis.tif", lesion()))
    assert "second mask of metastasis" in drawn.problems[0].message
