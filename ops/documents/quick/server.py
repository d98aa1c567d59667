"""The engine's server, which carries out usual commands in the ways of this package."""

import sqlite3
import struct
from collections.abc import Callable, Mapping
from typing import Any, Final

import bson
from bson.errors import BSONError
from mongoeco.errors import MongoEcoError
from mongoeco.wire import AsyncMongoEcoProxyServer
from mongoeco.wire.protocol import OP_MSG

from ops.documents.quick.updates import QuickUpdates, Statement
from ops.documents.quick.values import Document, Unusual, checked

_ANY: Final = frozenset({"$db", "lsid", "ordered", "writeConcern"})
_FIND: Final = frozenset({"find", "filter", "sort", "limit", "singleBatch", "projection"})
_CHANGE: Final = frozenset({"findAndModify", "query", "update", "new", "upsert"})
_STATEMENT: Final = frozenset({"q", "u", "multi", "upsert"})

_NO_FLAGS: Final = b"\0" * 5
"""How a message begins that has no flags, and a document first."""

MOST_AT_ONCE: Final = 101
"""The documents of a first batch: https://www.mongodb.com/docs/manual/core/cursors/#cursor-batches"""


class Commands:
    """What a server does with the message of a command; Unusual if the engine is to carry it out."""

    def __init__(self, engine: QuickUpdates) -> None:
        self._engine = engine
        self._known: Mapping[str, Callable[[str, Document], Document]] = {
            "insert": self._insert,
            "find": self._find,
            "update": self._update,
            "findAndModify": self._find_and_modify,
        }

    def answer(self, payload: bytes) -> bytes:
        """The answer to a message, both without their headers."""
        return _NO_FLAGS + bson.encode(self.carried_out(_body(payload)))

    def carried_out(self, body: Document) -> Document:
        """What the server says to a command that has been carried out."""
        command = self._known.get(next(iter(body), ""))
        if command is None or body.get("writeConcern", {}) not in ({}, {"w": 1}, {"w": "majority"}):
            raise Unusual
        return command(checked(body.get("$db"), str), body)

    def _insert(self, database: str, body: Document) -> Document:
        _has_only(body, _ANY | {"insert", "documents"})
        documents = checked(body.get("documents"), list)
        self._engine.put_new(database, _collection(body["insert"]), documents)
        return {"n": len(documents), "ok": 1.0}

    def _find(self, database: str, body: Document) -> Document:
        _has_only(body, _ANY | _FIND)
        collection, limit = _collection(body["find"]), checked(body.get("limit", 0), int)
        if limit < 0 or (body.get("singleBatch", False) and not limit):
            raise Unusual
        most, order = min(limit or MOST_AT_ONCE + 1, MOST_AT_ONCE + 1), checked(body.get("sort", {}), dict)
        fields = _shown(checked(body.get("projection", {}), dict))
        found = self._engine.found_now(database, collection, body.get("filter", {}), [*order.items()], most)
        if len(found) > MOST_AT_ONCE:
            raise Unusual
        batch = [{name: each[name] for name in each if not fields or name in fields} for _, each in found]
        return {"cursor": {"firstBatch": batch, "id": 0, "ns": f"{database}.{collection}"}, "ok": 1.0}

    def _update(self, database: str, body: Document) -> Document:
        _has_only(body, _ANY | {"update", "updates"})
        statements = [_statement(each) for each in checked(body.get("updates"), list)]
        changes = self._engine.changed_now(database, _collection(body["update"]), statements)
        every = [each for some in changes for each in some]
        return {"n": len(every), "nModified": sum(each.is_modified for each in every), "ok": 1.0}

    def _find_and_modify(self, database: str, body: Document) -> Document:
        _has_only(body, _ANY | _CHANGE)
        statement = Statement(body.get("query", {}), body.get("update"), upsert=body.get("upsert", False))
        (changes,) = self._engine.changed_now(database, _collection(body["findAndModify"]), [statement])
        value = next((each.after if body.get("new", False) else each.before for each in changes), None)
        told = {"updatedExisting": bool(changes), "n": len(changes)}
        return {"lastErrorObject": told, "value": value, "ok": 1.0}


class Server(AsyncMongoEcoProxyServer):
    """The engine's server, with usual commands carried out in the ways above."""

    def __init__(self, engine: QuickUpdates, *, host: str, port: int) -> None:
        super().__init__(engine=engine, host=host, port=port)
        self._commands = Commands(engine)

    async def _dispatch_wire_request(self, header: Any, payload: bytes, *, connection: Any) -> bytes | None:
        if header.op_code == OP_MSG:
            try:
                answer = self._commands.answer(payload)
            except (Unusual, MongoEcoError, sqlite3.Error):
                pass  # what is refused here, or fails for a full disk, the engine meets as well, and says so
            else:
                return (
                    struct.pack("<iiii", 16 + len(answer), next(self._request_ids), header.request_id, OP_MSG) + answer
                )
        found: bytes | None = await super()._dispatch_wire_request(header, payload, connection=connection)
        return found


def _collection(asked: Any) -> str:
    """The name of a collection, as Clerk's are."""
    name = checked(asked, str)
    if not name.isidentifier():
        raise Unusual
    return name


def _statement(asked: Any) -> Statement:
    _has_only(checked(asked, dict), _STATEMENT)
    return Statement(asked.get("q"), asked.get("u"), asked.get("multi", False), asked.get("upsert", False))


def _has_only(document: Mapping[str, Any], names: frozenset[str]) -> None:
    if not document.keys() <= names:
        raise Unusual


def _shown(projection: Mapping[str, Any]) -> frozenset[str]:
    """The fields that are shown; none if it is all of them."""
    if any(shown != 1 or "." in name or name.startswith("$") for name, shown in projection.items()):
        raise Unusual
    return frozenset({"_id", *projection} if projection else ())


def _body(payload: bytes) -> Document:
    """The command in a message: a document, and sequences of documents that belong into it.

    https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/#op_msg
    """
    if not payload.startswith(_NO_FLAGS):
        raise Unusual
    try:
        end = 5 + int.from_bytes(payload[5:9], "little")
        body: Document = bson.decode(payload[5:end])
        while end < len(payload):
            start, end = end + 5, end + 1 + int.from_bytes(payload[end + 1 : end + 5], "little")
            if payload[start - 5] != 1 or end > len(payload):
                raise Unusual
            name, _, documents = payload[start:end].partition(b"\0")
            body[name.decode()] = bson.decode_all(documents)
    except (BSONError, UnicodeDecodeError) as error:
        raise Unusual from error
    return body
