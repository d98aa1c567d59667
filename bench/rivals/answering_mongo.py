"""A stand-in of MongoDB's wire that answers every command at once: a database that costs next to nothing.

A write succeeds. What was inserted is found by its id, as it was then; any other find finds nothing. A find-and-modify
finds what it would have made with `upsert`. So a text costs a worker its first hops, and then nothing is left to do.

`python -m bench.rivals.answering_mongo` prints its port, and serves until its standard input ends.
"""

import asyncio
import struct
import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

import bson
import uvloop

type Command = dict[str, Any]

_inserted: dict[str, Command] = {}
_HEAD: Final = struct.Struct("<iiii")
_OP_MSG: Final = 2013
_OP_QUERY: Final = 2004
_OP_REPLY: Final = 1
_SIZE: Final = struct.Struct("<i")


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            length, request, _, code = _HEAD.unpack(await reader.readexactly(_HEAD.size))
            body = await reader.readexactly(length - _HEAD.size)
            if code == _OP_QUERY:  # the greeting of a driver that knows no other yet
                answer = struct.pack("<iqii", 8, 0, 0, 1) + bson.encode(_hello())
                kind = _OP_REPLY
            else:
                answer, kind = b"\0\0\0\0\0" + bson.encode(_answer(*_parsed(body))), _OP_MSG
            writer.write(_HEAD.pack(_HEAD.size + len(answer), 0, request, kind) + answer)
    writer.close()


def _parsed(body: bytes) -> tuple[Command, list[Command]]:
    """The command of an OP_MSG, and the documents that came beside it.

    https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/#op_msg
    """
    command: Command = {}
    documents: list[Command] = []
    at = 4
    while at < len(body) - 4:
        section, (size,) = body[at], _SIZE.unpack_from(body, at + 1)
        part = body[at + 1 : at + 1 + size]
        if section == 0:
            command = bson.decode(part)
        else:
            documents += bson.decode_all(part[part.index(b"\0", 4) + 1 :])
        at += 1 + size
    return command, documents


def _answer(command: Command, beside: list[Command]) -> Command:
    match next(iter(command)):
        case "hello" | "ismaster" | "isMaster":
            return _hello()
        case "insert" | "update" | "delete" as name:
            documents = beside or command.get("documents") or command[f"{name}s"]
            if name == "insert":
                _inserted.update({f"{command[name]}/{each['_id']}": each for each in documents})
            return {"n": len(documents), "nModified": len(documents), "ok": 1.0}
        case "find":
            found = _inserted.get(f"{command['find']}/{command['filter'].get('_id')}")
            batch = [] if found is None else [found]
            return {"cursor": {"id": 0, "ns": f"{command['$db']}.{command['find']}", "firstBatch": batch}, "ok": 1.0}
        case "aggregate" | "listIndexes" | "listCollections" as name:
            return {"cursor": {"id": 0, "ns": f"{command['$db']}.{command[name]}", "firstBatch": []}, "ok": 1.0}
        case "findAndModify":
            return {"value": _made(command), "lastErrorObject": {"n": 1, "updatedExisting": True}, "ok": 1.0}
        case "distinct":
            return {"values": [], "ok": 1.0}
        case "count":
            return {"n": 0, "ok": 1.0}
        case _:
            return {"ok": 1.0}


def _made(command: Command) -> Command | None:
    """What an upsert makes of its condition and its update."""
    update = command.get("update")
    if not command.get("upsert") or not isinstance(update, dict):
        return None
    made = {key: value for key, value in command["query"].items() if not key.startswith("$")}
    for operator in ("$setOnInsert", "$set", "$inc"):
        for path, value in update.get(operator, {}).items():
            *above, name = path.split(".")
            place = made
            for each in above:
                place = place.setdefault(each, {})
            place[name] = value
    return made


def _hello() -> Command:
    return {
        "helloOk": True,
        "isWritablePrimary": True,
        "ismaster": True,
        "maxBsonObjectSize": 16 << 20,
        "maxMessageSizeBytes": 48_000_000,
        "maxWriteBatchSize": 100_000,
        "localTime": datetime.now(UTC),
        "minWireVersion": 0,
        "maxWireVersion": 21,
        "ok": 1.0,
    }


async def _main() -> None:
    server = await asyncio.start_server(_serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_main())
