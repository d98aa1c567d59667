"""Every time in the documents is sorted: it goes back with the sandbox's clock, or people read it as it is."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, get_args

from pydantic import AwareDatetime

from messages.base import Document
from ops.documents.reader import KINDS
from ops.documents.turning_back import COMPARED, READ


def times_of(kind: type[Document], before: str = "") -> Iterator[str]:
    """The fields of a document that hold a time, those of its parts with a dot."""
    for name, field in kind.model_fields.items():
        for part in parts(field.annotation):
            if any(part is each for each in (datetime, AwareDatetime)):
                yield before + name
            elif isinstance(part, type) and issubclass(part, Document):
                yield from times_of(part, f"{before}{name}.")


def parts(annotation: Any) -> Iterator[Any]:
    """The types that an annotation is made of."""
    if inside := get_args(getattr(annotation, "__value__", annotation)):
        for each in inside:
            yield from parts(each)
    else:
        yield annotation


def test_every_time_of_a_document_is_sorted_and_none_twice() -> None:
    unsorted, twice = [], []
    for collection, kind in KINDS.items():
        compared, read = set(COMPARED.get(collection, ())), set(READ.get(collection, ()))
        unsorted += [f"{collection}.{each}" for each in times_of(kind) if each not in compared | read]
        twice += [f"{collection}.{each}" for each in compared & read]
    assert unsorted == []
    assert twice == []


def test_what_people_read_is_in_the_documents() -> None:
    gone = [f"{name}.{each}" for name, fields in READ.items() for each in fields if each not in times_of(KINDS[name])]
    assert gone == []
