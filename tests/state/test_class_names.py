"""Names of classes: which file they come from, and which class a text means."""

import pytest

from sgview.state.class_names import (
    LONGEST_NAME,
    MOST_BYTES,
    class_names_beside,
    class_numbered,
    only,
    read_class_names,
)

NAMES = ("tabby cat", "tiger cat", "Owl", "owl")


@pytest.fixture
def network(tmp_path):
    return tmp_path / "animals.v2.pkl"


def test_the_network_s_own_file_comes_first(network) -> None:
    assert read_class_names(network, 2) == ((), "")
    network.with_name("classes.txt").write_text("a\nb")
    assert read_class_names(network, 2) == (("a", "b"), "")
    network.with_name("animals.v2.txt").write_text("c\r\n d \n\n")
    assert read_class_names(network, 2) == (("c", "d"), "")
    assert class_names_beside(network) == ("c", "d")
    assert read_class_names(network, 0) == ((), "")


def test_a_file_of_another_number_of_lines_is_not_used(network) -> None:
    network.with_name("animals.v2.txt").write_text("A licence.\nOf two lines.\n")
    names, problem = read_class_names(network, 3)
    assert names == () and problem == "animals.v2.txt has 2 lines for 3 classes: it is not used"
    network.with_name("classes.txt").write_text("a\nb\nc")
    assert read_class_names(network, 3) == (("a", "b", "c"), "")


@pytest.mark.parametrize(
    "data", [b"\xff\xfe\x00a", b"a\0b\n", b"x" * (MOST_BYTES + 1)], ids=["no UTF-8", "NUL", "huge"]
)
def test_what_is_no_text_of_names(network, data) -> None:
    network.with_name("classes.txt").write_bytes(data)
    assert read_class_names(network, 1) == ((), "")
    assert class_names_beside(network) == ()


def test_a_folder_and_a_path_without_a_name(tmp_path, network) -> None:
    network.with_name("classes.txt").mkdir()
    assert read_class_names(network, 1) == ((), "")
    assert class_names_beside(tmp_path / "..") == ()


def test_long_and_odd_names_are_made_fit_to_be_shown(network) -> None:
    text = "\ufeff" + "x" * 500 + "\n\u001b[31mred\u2028line\n\n__import__('os')"
    network.with_name("classes.txt").write_text(text, encoding="utf-8")
    names, _ = read_class_names(network, 4)
    assert names == ("x" * LONGEST_NAME, "[31mred line", "", "__import__('os')")


@pytest.mark.parametrize(
    ("text", "number"),
    [("2", 2), ("Owl", 2), ("tabby cat", 0), ("TABBY", 0), (" tiger ", 1)],
)
def test_numbers_and_names(text, number) -> None:
    assert class_numbered(text, NAMES) == number


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("4", "there is no class 4: the last one is 3"),
        ("cat", "2 classes are called like 'cat': 0 tabby cat, 1 tiger cat"),
        ("tigre cat", "no class is called 'tigre cat'; did you mean 'tiger cat'?"),
        ("", "no class is called ''"),
        ("9" * 5000, "no class is called"),
    ],
)
def test_what_means_no_class(text, words) -> None:
    with pytest.raises(ValueError, match="class") as caught:
        class_numbered(text, NAMES)
    assert words in str(caught.value)


def test_without_names_there_are_numbers() -> None:
    assert class_numbered("281", ()) == 281
    with pytest.raises(ValueError, match="give its number"):
        class_numbered("owl", ())
    assert only(0) == (1.0,) and only(2) == (0.0, 0.0, 1.0)
