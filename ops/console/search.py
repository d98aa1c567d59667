"""Finds a text or a ticket by an id, a phone number, a name, a tag or a part of its subject."""

import re
from typing import Final

from messages.base import Document
from messages.ticket import Ticket
from ops.documents.reader import Documents
from ops.traces import timeline

MOST: Final = 1000
_PART: Final = re.compile(r"\+?[0-9 ()./-]{3,6}")
_NUMBER: Final = re.compile(r"\+?[0-9 ()./-]{7,20}")


class Found(Document):
    """Where a search leads: to the trace of an id, or to the tickets that match."""

    trace: str | None = None
    tickets: tuple[Ticket, ...] = ()


def search(asked: str, documents: Documents) -> Found:
    """What matches an id, a ticket's number, a phone number, a contact's name, a tag or a part of a subject."""
    if not asked:
        return Found()
    if timeline.find(asked, documents) is not None or re.fullmatch(r"[0-9a-f]{32}|[0-9a-f-]{36}", asked):
        return Found(trace=asked.lstrip("#"))
    if _NUMBER.fullmatch(asked):
        digits = "+" + re.sub(r"[^0-9]", "", asked)
        meant_by_number = [{"contact": digits}, {"line": digits}, {"contact": {"$regex": digits[1:].removeprefix("0")}}]
        return Found(tickets=tuple(documents.tickets_by_turn({"$or": meant_by_number}, MOST)))
    if _PART.fullmatch(asked) and (part := re.sub(r"[^0-9]", "", asked)):
        found = documents.tickets_by_turn({"contact": {"$regex": part}}, MOST)
        if found:
            return Found(tickets=tuple(found))
    words = {"$regex": re.escape(asked), "$options": "i"}
    contacts = [each["_id"] for each in documents.raw("contacts", {"name": words}, MOST)]
    meant = [{"contact": {"$in": contacts}}, {"tags": asked.lower().lstrip("#")}, {"subject": words}]
    return Found(tickets=tuple(documents.tickets_by_turn({"$or": meant}, MOST)))
