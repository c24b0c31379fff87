import pytest

from converters.coco_images import read_categories, read_images


def image(number=1, **more):
    return {"id": number, "file_name": f"scans/{number}.png", "width": 24, "height": 32} | more


@pytest.mark.parametrize(
    ("entry", "field", "says"),
    [
        pytest.param(3, "images[1]", "3 is no image", id="a number"),
        pytest.param(image(None), "images[1].id", "None is no number", id="no number"),
        pytest.param(image(5, file_name=""), "images[1].file_name", "no name of an image", id="no name"),
        pytest.param(image(5, file_name=7), "images[1].file_name", "no name of an image", id="a number for a name"),
        pytest.param(image(5, width=None), "images[1].width", "no size in pixels; add", id="no width"),
        pytest.param(image(5, height=0), "images[1].height", "no size in pixels", id="no rows"),
        pytest.param(image(5, height=1.5), "images[1].height", "no size in pixels", id="half a row"),
        pytest.param(image(5, height=10**6, width=10**6), "images[1].height", "is no scan", id="a million million"),
        pytest.param(image(5, annotator=[2]), "images[1].annotator", "names no reader", id="a list of readers"),
        pytest.param(image(5, exclusion="other words"), "images[1].exclusion", "no reason", id="unknown exclusion"),
        pytest.param(image(5, remarks="r"), "images[1].remarks", "no list of remarks", id="a text for remarks"),
    ],
)
def test_a_bad_image_is_a_problem_and_the_others_are_read(entry, field, says):
    images = read_images([image(), entry], {})
    assert list(images.listed) == [1]
    (problem,) = images.problems
    assert (problem.field, says in problem.message) == (field, True)


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        pytest.param(5, "id", id="a number"),
        pytest.param({"id": 3}, "name", id="no name"),
        pytest.param({"id": [3], "name": "bladder"}, "id", id="a list for a number"),
        pytest.param({"id": 1, "name": "bladder"}, "id", id="a number that is taken"),
    ],
)
def test_a_bad_category_is_a_problem_and_the_others_are_read(entry, field):
    names, _, problems = read_categories([{"id": 1, "name": "metastasis"}, entry], None)
    assert names == {1: "metastasis"}
    assert [problem.field for problem in problems] == [f"categories[1].{field}"]
