"""What a document is that this version can't read: of a newer version, or broken. Pure."""

import re
from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError

from messages.base import Document

_NUMBER: Final = re.compile(r"(?<=\+\d)\d{3,12}(?=\d\d)")


class Unreadable(Exception):
    """A document that this version can't read.

    The text names its collection, its id without phone numbers, and the fields that are wrong, but never their values.
    """

    def __init__(self, collection: str, id: Any, faults: str) -> None:
        super().__init__(f"{collection}/{without_numbers(str(id))}: {faults}")
        self.collection, self.id, self.faults = collection, id, faults


def without_numbers(id: str) -> str:
    """An id with the middle of each phone number left out."""
    return _NUMBER.sub("…", id)


def parsed[D: Document](kind: type[D], collection: str, fields: Mapping[str, Any]) -> D:
    """The document that MongoDB stores as these fields; Unreadable if this version can't read it."""
    try:
        return kind.model_validate({**fields, "id": fields["_id"]})
    except ValidationError as error:
        wrong = error.errors(include_input=False, include_url=False, include_context=False)
        faults = ", ".join(sorted({f"{'.'.join(map(str, each['loc']))} ({each['type']})" for each in wrong}))
        raise Unreadable(collection, fields["_id"], faults) from None
