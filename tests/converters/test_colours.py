import json

import pytest

from converters.colours import meaning_of, read_colours
from converters.errors import UnreadableFile

RED, GREEN = (255, 0, 0), (0, 255, 0)


def table(document):
    return read_colours(json.dumps(document).encode(), "colours.json")


def test_a_table_of_names_says_colours_and_numbers():
    told = table({"metastasis": "#ff0000", "bladder": [0, 255, 0], "background": 0})
    assert (told.colours, told.numbers) == ({RED: "metastasis", GREEN: "bladder"}, {0: None})


def test_a_table_may_go_from_numbers_and_colours_to_names():
    told = table({"1": "metastasis", "2": "bladder", "#FFFFFF": "background"})
    assert (told.numbers, told.colours) == ({1: "metastasis", 2: "bladder"}, {(255, 255, 255): None})


def test_a_label_may_have_several_colours():
    told = table({"metastasis": ["#ff0000", [255, 0, 1], 7]})
    assert (told.colours, told.numbers) == ({RED: "metastasis", (255, 0, 1): "metastasis"}, {7: "metastasis"})


def test_the_tables_own_words_are_translated():
    told = read_colours(b'{"Lesion": 1, "Background": 0}', "c", {"Lesion": "metastasis"})
    assert told.numbers == {1: "metastasis", 0: None}


def test_what_is_to_be_left_out_is_background():
    told = read_colours(b'{"lesion": 1, "kidney": 2}', "c", {"lesion": "metastasis", "kidney": None})
    assert told.numbers == {1: "metastasis", 2: None}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("# label:color_rgb:parts:actions\nbackground:0,0,0::\nmetastasis:255,0,0::\n", id="labelmap.txt"),
        pytest.param("label,red,green,blue\nmetastasis,255,0,0\nbackground,0,0,0\n", id="csv with headings"),
        pytest.param("\ufeffmetastasis, #FF0000\r\nbackground, #000000\r\n", id="csv of hex, from a spreadsheet"),
    ],
)
def test_tables_of_lines_are_read(text):
    assert read_colours(text.encode(), "c").colours == {RED: "metastasis", (0, 0, 0): None}


def test_lines_of_numbers_are_read():
    assert read_colours(b"metastasis,1\nbladder,2\n", "c").numbers == {1: "metastasis", 2: "bladder"}


@pytest.mark.parametrize(
    ("text", "field", "says"),
    [
        pytest.param('{"kidney": 1}', "kidney", "unknown label 'kidney'; use one of", id="unknown label"),
        pytest.param('{"metastasis": "red"}', "metastasis", "'red' is no colour", id="a colour's name"),
        pytest.param('{"metastasis": [300, 0, 0]}', "metastasis", "no colour", id="beyond 255"),
        pytest.param('{"metastasis": [1, 0]}', None, "two meanings|no colour", id="too short"),
        pytest.param('{"metastasis": true}', "metastasis", "no colour", id="true"),
        pytest.param('{"metastasis": 1.5}', "metastasis", "no colour", id="a fraction"),
        pytest.param('{"metastasis": []}', "metastasis", "no colour", id="no colour at all"),
        pytest.param('{"metastasis": {"r": 1}}', "metastasis", "no colour", id="an object"),
        pytest.param('{"metastasis": -1}', "metastasis", "no colour", id="a negative number"),
        pytest.param('{"metastasis": 1, "bladder": 1}', "bladder", "number 1 is given two meanings", id="conflict"),
        pytest.param('{"background": 0}', None, "gives no label", id="background alone"),
        pytest.param("{}", None, "gives no label", id="empty table"),
        pytest.param("", None, "gives no label", id="empty file"),
        pytest.param('{"metastasis": 1', None, "not JSON", id="broken JSON"),
        pytest.param("metastasis\n", "line 1|None", "no colour|gives no label", id="a name alone"),
        pytest.param("metastasis,1\nbladder,x\n", "line 2", "'x' is no colour", id="a word for a number"),
        pytest.param("metastasis:255,0::\n", "line 1", "no colour", id="a channel missing"),
    ],
)
def test_a_table_that_cannot_be_understood_is_refused(text, field, says):
    with pytest.raises(UnreadableFile, match=says) as refused:
        read_colours(text.encode(), "colours")
    assert field is None or str(refused.value.field) in field.split("|")


def test_what_is_no_text_and_what_is_endless_is_refused():
    for content, says in ((b"\xff\xfe\x00,1\n", "no text"), (b"a" * 2**21, "too long")):
        with pytest.raises(UnreadableFile, match=says):
            read_colours(content, "colours")


COLOURS, NUMBERS = {RED: "metastasis"}, {1: "metastasis", 2: "bladder"}


@pytest.mark.parametrize(
    ("number", "colour", "colours", "numbers", "means"),
    [
        pytest.param(None, RED, COLOURS, {}, "metastasis", id="by colour"),
        pytest.param(2, (9, 9, 9), {}, NUMBERS, "bladder", id="by number, whatever the palette shows"),
        pytest.param(1, RED, COLOURS, NUMBERS, "metastasis", id="by both, which agree"),
        pytest.param(0, (0, 0, 0), COLOURS, NUMBERS, None, id="black is background"),
        pytest.param(0, (9, 9, 9), {}, NUMBERS, None, id="0 is background to numbers"),
        pytest.param(0, None, {}, NUMBERS, None, id="wide 0"),
    ],
)
def test_what_a_pixel_means(number, colour, colours, numbers, means):
    assert meaning_of(number, colour, colours, numbers) == means


def test_a_number_unknown_to_a_table_of_numbers_is_no_background_because_it_looks_black():
    with pytest.raises(KeyError):
        meaning_of(3, (0, 0, 0), {}, NUMBERS)


def test_number_and_colour_may_not_say_two_things():
    with pytest.raises(ValueError, match="different meanings"):
        meaning_of(2, RED, COLOURS, NUMBERS)
