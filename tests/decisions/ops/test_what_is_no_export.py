"""A file that is no export is refused before anything is imported, in words."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Final

import pytest

from messages.release import DOCUMENTS
from ops.documents.transfer import FORMAT, NotAnExport, check

HEADER: Final = json.dumps({"clerk": FORMAT, "documents": DOCUMENTS}).encode() + b"\n"
WHOLE: Final = HEADER + b'{"collection": "lines", "document": {"_id": "+15550001111"}}\n{"end": {"lines": 1}}\n'
LONG: Final = HEADER + Random(1).randbytes(4000).hex().encode()


def damaged(whole: bytes) -> bytes:
    middle = len(whole) // 4
    return whole[:middle] + bytes(each ^ 0xFF for each in whole[middle : middle + 20]) + whole[middle + 20 :]


@pytest.mark.parametrize(
    ("name", "held", "why"),
    [
        ("empty.jsonl", b"", "not an export of Clerk, or one of an unknown version"),
        ("empty.jsonl.gz", b"", "not an export of Clerk, or one of an unknown version"),
        ("other.jsonl", b"{\n", "can't be read as an export: it has a line that no export has"),
        ("list.jsonl", b"[1]\n", "can't be read as an export: it has a line that no export has"),
        ("word.jsonl", b'{"clerk": 1, "documents": "x"}\n', "can't be read as an export: it has a line that no"),
        ("future.jsonl", b'{"clerk": 99}\n', "not an export of Clerk, or one of an unknown version"),
        ("nothing.jsonl", HEADER + b'{"collection": "lines"}\n', "can't be read as an export: it has a line that no"),
        ("no_id.jsonl", HEADER + b'{"collection": "lines", "document": {}}\n', "can't be read as an export: it has a"),
        ("cut.jsonl.gz", gzip.compress(WHOLE, mtime=0)[:-12], "can't be read as an export: it was cut short"),
        ("bytes.jsonl", b"\xff\xfe", "can't be read as an export: it is not text (the name of a compressed one must"),
        (
            "hidden.jsonl",
            gzip.compress(WHOLE, mtime=0),
            "can't be read as an export: it is not text (the name of a compressed",
        ),
        ("plain.jsonl.gz", WHOLE, "can't be read as an export: its name ends in .gz, but it is not compressed"),
        ("more.jsonl", WHOLE + WHOLE, "goes on after its last line"),
        ("middle.jsonl.gz", damaged(gzip.compress(LONG, mtime=0)), "can't be read as an export: it is damaged"),
        (
            "sum.jsonl.gz",
            gzip.compress(LONG, mtime=0)[:-8] + bytes(8),
            "can't be read as an export: its name ends in .gz, but",
        ),
    ],
    ids=lambda given: given if isinstance(given, str) and "." in given else "",
)
def test_a_file_that_is_no_export_is_refused_in_words(name: str, held: bytes, why: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_bytes(held)
    with pytest.raises(NotAnExport) as refused:
        check(file)
    assert str(refused.value).startswith(f"{file}: {why}")


@pytest.mark.parametrize("named", [lambda folder: folder, lambda folder: folder / "none.jsonl"])
def test_what_is_no_file_is_refused_in_words(named: Callable[[Path], Path], tmp_path: Path) -> None:
    with pytest.raises(NotAnExport, match=r"can't be read as an export: (Is a directory|No such file or directory)$"):
        check(named(tmp_path))


@pytest.mark.parametrize("place", range(0, 200, 7))
def test_damage_at_any_place_of_a_compressed_export_ends_in_words(place: int, tmp_path: Path) -> None:
    file, held = tmp_path / "export.jsonl.gz", bytearray(gzip.compress(WHOLE, mtime=0))
    held[place % len(held)] ^= 0xFF
    file.write_bytes(held)
    try:
        assert check(file) == {"lines": 1}  # some bytes of the header say nothing
    except NotAnExport as refused:
        assert str(refused).startswith(f"{file}: ")
