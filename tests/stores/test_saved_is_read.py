"""Whatever is saved over whatever was there before, exactly that is read: for every kind of document."""

import enum
import functools
import importlib
import pkgutil
import types
import typing
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import AwareDatetime
from pydantic.fields import FieldInfo

import messages
import workers.mongo
from messages.base import Document
from messages.calendar import Calendar
from messages.deadlines.alert import AlertSettings
from messages.deadlines.clocks import HoursCounted
from messages.deadlines.policy import Target
from messages.line import Line, QuietHours
from messages.sms import State
from messages.ticket import Status, Ticket
from tests import make
from workers.mongo import Stores
from workers.mongo.collection import DocumentStore, change_to, connected, stored


def _modules() -> Iterator[types.ModuleType]:
    for package in (messages, workers.mongo):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            yield importlib.import_module(module.name)


def document_classes() -> list[type[Document]]:
    """Every kind of document that has an id, and so is stored by itself."""
    found = {
        each
        for module in _modules()
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, Document) and "id" in each.model_fields
    }
    return sorted(found, key=lambda kind: kind.__name__)


KINDS: Final = document_classes()
HOUR: Final = timedelta(hours=1)
WORDS: Final = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)
LEAVES: Final[dict[Any, st.SearchStrategy[Any]]] = {
    str: WORDS,
    int: st.integers(-(1 << 53), 1 << 53),
    bool: st.booleans(),
    datetime: make.MOMENTS,
    AwareDatetime: make.MOMENTS,
    timedelta: st.integers(0, 10**9).map(lambda number: timedelta(milliseconds=number)),
    Any: st.none() | WORDS | st.lists(WORDS, max_size=2),
}

EXAMPLES: Final[dict[Any, Sequence[Document]]] = {
    QuietHours: (QuietHours(), QuietHours(begins="00:30", ends="07:00", sundays=True)),
    Target: (Target(within=timedelta(minutes=15)), Target(within=HOUR, warn=0.5, counts=HoursCounted.CALENDAR)),
    AlertSettings: (
        AlertSettings(),
        AlertSettings(escalation=("U0ADA", "C0TEXTS"), unanswered_after=HOUR, nag=timedelta()),
    ),
}
"""Documents that hold only what is possible."""


def values(annotation: Any) -> st.SearchStrategy[Any]:
    """Any value that a field of this type can have."""
    if annotation in LEAVES:
        return LEAVES[annotation]
    if annotation is type(None):
        return st.none()
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _like(arguments[0], arguments[1:])
    if origin in {types.UnionType, typing.Union}:
        return st.one_of(*map(values, arguments))
    if origin is tuple:
        return st.lists(values(arguments[0]), max_size=3).map(tuple)
    if origin is dict:
        names = st.sampled_from(["slack", "notifications"]) if arguments[0] is str else values(arguments[0])
        return st.dictionaries(names, values(arguments[1]), max_size=3)
    assert isinstance(annotation, type), annotation
    if issubclass(annotation, enum.Enum):
        return st.sampled_from(annotation)
    assert issubclass(annotation, Document), annotation
    return documents(annotation)


@functools.cache
def documents(kind: type[Document], **given: Any) -> st.SearchStrategy[Any]:
    """Any document of a kind, valid or not in the eyes of people; Hypothesis prepares each strategy once."""
    if kind is Calendar:
        return make.calendars().map(lambda drawn: drawn.model_copy(update=given))
    if kind in EXAMPLES:
        return st.sampled_from(EXAMPLES[kind])
    fields = {name: of_field(field) for name, field in kind.model_fields.items() if name not in given}
    return st.fixed_dictionaries(fields).map(lambda drawn: kind.model_validate({**drawn, **given}))


def of_field(field: FieldInfo) -> st.SearchStrategy[Any]:
    """Any value that a field can have."""
    return _like(field.annotation, field.metadata)


def _like(annotation: Any, metadata: Sequence[Any]) -> st.SearchStrategy[Any]:
    """Any value of a type; a text that must look like something does."""
    pattern = next((each.pattern for each in metadata if getattr(each, "pattern", None)), None)
    if pattern is not None and annotation is str:
        return st.from_regex(pattern, fullmatch=True, alphabet=st.characters(codec="ascii"))
    return values(annotation)


def id_of(kind: type[Document]) -> Any:
    """An id of the type that a kind of document has."""
    return 7 if kind.model_fields["id"].annotation is int else "7"


def _below(store: type[Any]) -> Iterator[type[Any]]:
    """All kinds of stores; one that others are made of has no documents of its own."""
    for each in store.__subclasses__():
        yield each
        yield from _below(each)


def _parts(kind: type[Document]) -> Iterator[type[Document]]:
    """A kind of document, and the kinds below it that are in no list: there, a field that is None is left out."""
    yield kind
    for field in kind.model_fields.values():
        is_list = typing.get_origin(field.annotation) is tuple
        for each in () if is_list else (field.annotation, *typing.get_args(field.annotation)):
            if isinstance(each, type) and issubclass(each, Document):
                yield from _parts(each)


PARTS: Final = sorted({each for kind in KINDS for each in _parts(kind)}, key=lambda kind: kind.__name__)


def test_every_store_has_a_kind_that_is_tested() -> None:
    kinds = {each.kind.__name__ for each in _below(DocumentStore) if hasattr(each, "kind")}
    assert kinds <= {kind.__name__ for kind in KINDS}
    assert len(kinds) > 5


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_change_removes_every_field_that_is_none_and_touches_no_other(
    kind: type[Document], data: st.DataObject
) -> None:
    before = data.draw(documents(kind, id=id_of(kind)))
    after = data.draw(documents(kind, id=id_of(kind)))
    fields = {**stored(before), "of_a_later_version": 1}
    change = change_to(after)
    for name in change.get("$unset", {}):
        fields.pop(name, None)
    fields |= change.get("$set", {})
    assert kind.model_validate({**fields, "id": fields["_id"]}) == after
    assert fields.pop("of_a_later_version") == 1
    assert fields == stored(after)


@pytest.mark.parametrize("kind", PARTS, ids=lambda kind: kind.__name__)
def test_what_may_be_none_is_none_when_it_is_missing(kind: type[Document]) -> None:
    """A field that is None is stored by leaving it out: it could not be read, or another default would come back."""
    for name, field in kind.model_fields.items():
        if type(None) in typing.get_args(field.annotation):
            assert not field.is_required(), name
            assert field.default is None, name


async def test_documents_of_every_kind_come_back_from_the_server_as_they_were_saved(mongo_url: str) -> None:
    database = connected(mongo_url)
    for kind in KINDS:
        for number, (before, after) in enumerate(examples(kind)):
            collection = database[f"{kind.__name__}{number}"]
            await collection.insert_one(stored(before))
            await collection.update_one({"_id": id_of(kind)}, change_to(after))
            found = await collection.find_one({"_id": id_of(kind)})
            assert found is not None
            assert kind.model_validate({**found, "id": found["_id"]}) == after
    database.client.close()


def examples(kind: type[Document]) -> Sequence[tuple[Document, Document]]:
    """A document with everything saved over one with nothing, and the other way round."""
    found: list[Document] = []

    @settings(max_examples=25, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(documents(kind, id=id_of(kind)))
    def collect(document: Document) -> None:
        found.append(document)

    collect()
    by_size = sorted(found, key=lambda each: len(stored(each)))
    return [(by_size[0], by_size[-1]), (by_size[-1], by_size[0])]


async def test_any_ticket_and_any_line_saved_over_any_other_is_what_is_read(stores: Stores) -> None:
    for before, after in examples(Ticket):
        assert isinstance(before, Ticket)
        assert isinstance(after, Ticket)
        await stores.tickets._collection.delete_many({})
        assert await stores.tickets.add(before)
        assert await stores.tickets.save(after, read=before.version)
        kept = {"settled": before.settled, "due_at": after.due_at or before.due_at}
        assert await stores.tickets.get(7) == after.model_copy(update=kept)
    for pair in examples(Line):
        for line in pair:
            assert isinstance(line, Line)
            await stores.lines.save(line)
            assert await stores.lines.get("7") == line.model_copy(update={"pool": "", "pool_at": None})


async def test_a_ticket_whose_times_were_removed_is_read_without_them(stores: Stores) -> None:
    ticket = make.ticket(close_at=make.NOW, due_at=make.NOW, follows=3, status=Status.SOLVED)
    await stores.tickets.add(ticket)
    after = make.ticket(version=2)
    assert await stores.tickets.save(after, read=1)
    assert await stores.tickets.get(7) == after.model_copy(update={"due_at": make.NOW})  # until the slices settle it


async def test_a_line_keeps_what_a_later_version_wrote_and_loses_what_is_none(stores: Stores) -> None:
    line = make.line(name="Front desk")
    await stores.lines.add(line)
    await stores.lines._collection.update_one({"_id": line.id}, {"$set": {"of_a_later_version": 1}})
    changed = make.line(name="Desk")
    await stores.lines.save(changed)
    assert await stores.lines.get(line.id) == changed
    found = await stores.lines._collection.find_one({"_id": line.id})
    assert found is not None
    assert found["of_a_later_version"] == 1


async def test_a_text_with_a_new_state_keeps_no_earlier_error(stores: Stores) -> None:
    text = make.sms(state=State.QUEUED, rank=State.QUEUED.rank, error_code=30003, direction="outbound")
    await stores.texts.add(text)
    assert await stores.texts.move(text, State.DELIVERED, error_code=None)
    found = await stores.texts.get(text.id)
    assert found is not None
    assert (found.state, found.error_code) == (State.DELIVERED, None)
