"""Names of pictures: no folder but the batch's own, nothing a file system refuses, none twice."""

import random
from pathlib import PurePosixPath

import pytest

from services.api.batches import names


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ("shirts/red/front.jpg", "shirts/red/front.jpg"),
        ("../../etc/passwd", "etc/passwd"),
        ("/abs/a.png", "abs/a.png"),
        ("C:\\photos\\a.png", "C_/photos/a.png"),
        ("a/./b/../c.png", "a/b/c.png"),
        ("a//b.png", "a/b.png"),
        ("con.png", "_con.png"),
        ("x/NUL", "x/_NUL"),
        ("sp ace .", "sp ace"),
        ("a?b*.png", "a_b_.png"),
        ("ein\x00\n\u202ebild.png", "einbild.png"),
        ("\ud800.png", ".png"),
        ("", "picture"),
        ("...", "picture"),
        ("u\u0308.png", "\u00fc.png"),
    ],
)
def test_a_name_is_made_safe(given: str, made: str) -> None:
    assert names.safe(given) == made


def test_any_name_stays_in_its_folder_and_is_short(long: bool) -> None:
    source, alphabet = random.Random(7), "a.b/\\: \x00\u202e\U0001f600\ud800CON~"
    for _ in range(20_000 if long else 500):
        made = names.safe("".join(source.choices(alphabet, k=source.randrange(2000))))
        parts = PurePosixPath(made).parts
        assert 0 < len(made) <= names.MAX_NAME
        assert made.encode()
        assert not made.startswith("/")
        assert ".." not in parts
        assert max(len(part.encode()) for part in parts) <= 255


def test_names_are_unique_whatever_their_case() -> None:
    assert names.unique(["a/x.png", "A/X.png", "a/x.png", "a/x (2).png"], ["A/x.PNG"]) == [
        "a/x (2).png",
        "A/X (3).png",
        "a/x (4).png",
        "a/x (2) (2).png",
    ]


def test_results_have_the_names_of_their_pictures_with_the_endings_of_their_files() -> None:
    endings = {"a/x.jpg": "png", "a/x.webp": "png", "b.tiff": "jpg", "failures.png": "json", "plain": "png"}
    assert list(names.with_endings(endings, ["failures.json"]).values()) == [
        "a/x.png",
        "a/x (2).png",
        "b.jpg",
        "failures (2).json",
        "plain.png",
    ]
