"""Which text is an address, and the file behind pages for people."""

from __future__ import annotations

from pathlib import Path

import pytest

from sgview.downloads.addresses import (
    DownloadError,
    file_name,
    host_of,
    is_address,
    normalised,
    safe_name,
)


@pytest.mark.parametrize("text", ["https://a.org/x.pkl", "HTTP://a.org/x", Path("https://a.org/x")])
def test_addresses_are_told_from_paths(text: object) -> None:
    assert is_address(text)


@pytest.mark.parametrize("text", ["a.pkl", "C:/x.pkl", "https", "ftp://a.org/x", "folder/https:/x"])
def test_paths_are_told_from_addresses(text: str) -> None:
    assert not is_address(text)


def test_a_path_gives_the_address_back_that_it_was_made_of() -> None:
    assert normalised(Path("https://a.org/b/x.pkl")) == "https://a.org/b/x.pkl"


@pytest.mark.parametrize(
    "page, file",
    [
        (
            "https://huggingface.co/a/b/blob/main/x.pkl",
            "https://huggingface.co/a/b/resolve/main/x.pkl",
        ),
        ("https://github.com/a/b/blob/main/x.pkl", "https://github.com/a/b/raw/main/x.pkl"),
        ("https://www.dropbox.com/s/a/x.pkl?dl=0", "https://www.dropbox.com/s/a/x.pkl?dl=1"),
        (
            "https://drive.google.com/file/d/1-aB_c/view?usp=sharing",
            "https://drive.usercontent.google.com/download?id=1-aB_c&export=download&confirm=t",
        ),
        (
            "https://drive.google.com/uc?id=1aBc",
            "https://drive.usercontent.google.com/download?id=1aBc&export=download&confirm=t",
        ),
        ("https://a.org/x.pkl#part", "https://a.org/x.pkl"),
    ],
)
def test_pages_for_people_become_the_address_of_the_file(page: str, file: str) -> None:
    assert normalised(page) == file


@pytest.mark.parametrize(
    "text, cause",
    [
        ("https://", "no address"),
        ("https://a.org/" + "x" * 3000, "too long"),
        ("https://a.org/a b", "blanks"),
        ("https://a.org:99999/x", "no address"),
        ("https://[x/", "no address"),
        ("file:///etc/passwd", "no address"),
        ("https://me:secret@a.org/x", "leave name and password out"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_sentence(text: str, cause: str) -> None:
    with pytest.raises(DownloadError, match=cause) as caught:
        normalised(text)
    assert "secret" not in str(caught.value)


def test_names_cannot_leave_their_folder() -> None:
    assert file_name("https://a.org/x/..%2F..%2Fetc%2Fpasswd") == "passwd"
    assert file_name("https://a.org/") == "network"
    assert safe_name("..\\..\\x.pkl") == "x.pkl"
    assert safe_name('con<>:"|?*.pkl') == "con_______.pkl"
    assert len(safe_name("x" * 5000 + ".pkl")) == 100


def test_the_host_is_said_with_its_port() -> None:
    assert host_of("https://a.org/x") == "a.org"
    assert host_of("http://a.org:8080/x") == "a.org:8080"
