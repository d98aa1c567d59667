"""The console's JSON API, at /ops/api; the commands use it to reach the queues of a `clerk run`."""

from collections.abc import Callable
from typing import Final

from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from messages.queues import QUEUES
from ops.console.view import View
from ops.documents.reader import DocumentsAway
from ops.masking import masked_letter
from ops.queues.broker import BrokerAway, Report, Tally
from ops.queues.layout import family
from ops.queues.letters import Letter, Selection

MOST: Final = 1000


def routes(view: View) -> list[Route]:
    """The API's routes, relative to /api."""

    def queues(_: Request) -> Response:
        return _json(view.broker.snapshot())

    def peek(request: Request) -> Response:
        queue, limit = request.query_params.get("queue", ""), _number(request, "limit", 10)
        if family(queue) not in QUEUES:
            return _wrong(f"queue: one of {', '.join(QUEUES)}, each also with .DQ and .XQ")
        return JSONResponse([_masked(request, each) for each in view.broker.peek(queue, min(limit, MOST))])

    async def dead(request: Request) -> Response:
        selection = Selection.model_validate_json(await request.body() or b"{}")
        skip, limit = _number(request, "skip", 0), _number(request, "limit", 50)
        scan = _number(request, "scan", 1_000_000_000)
        page = await run_in_threadpool(view.broker.dead, selection, skip, limit, scan)
        shown = {"letters": [_masked(request, each) for each in page.letters]}
        return JSONResponse(page.model_dump(mode="json", exclude={"letters"}) | shown)

    async def rehearse(request: Request) -> Response:
        return await _moved(request, lambda selection, report: view.broker.rehearse(selection, report))

    async def replay(request: Request) -> Response:
        return await _moved(request, lambda selection, report: view.broker.replay(selection, report))

    async def drop(request: Request) -> Response:
        return await _moved(request, lambda selection, report: view.broker.drop(selection, report))

    async def _moved(request: Request, move: Callable[[Selection, Report], Tally]) -> Response:
        selection = Selection.model_validate_json(await request.body())
        tally = await run_in_threadpool(move, selection, lambda _: True)
        view.dead.forget()
        return _json(tally)

    def trace(request: Request) -> Response:
        return _json(view.trace(request.query_params.get("id", "")))

    def health(_: Request) -> Response:
        return JSONResponse([problem.model_dump(mode="json") for problem in view.problems()])

    return [
        Route("/queues", queues),
        Route("/peek", peek),
        Route("/dead", dead, methods=["GET", "POST"]),
        Route("/dead/rehearse", rehearse, methods=["POST"]),
        Route("/dead/replay", replay, methods=["POST"]),
        Route("/dead/drop", drop, methods=["POST"]),
        Route("/trace", trace),
        Route("/problems", health),
    ]


def _on_error(_: Request, error: Exception) -> Response:
    """What the API answers when it can't do what was asked."""
    if isinstance(error, HTTPException):
        return JSONResponse({"error": error.detail}, error.status_code, error.headers)
    if isinstance(error, BrokerAway | DocumentsAway):
        return JSONResponse({"error": str(error)}, 503)
    assert isinstance(error, ValidationError)
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    return _wrong("; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in faults))


def _json(document: BaseModel) -> Response:
    return Response(document.model_dump_json(), media_type="application/json")


def _wrong(why: str) -> Response:
    return JSONResponse({"error": why}, 400)


def _number(request: Request, name: str, default: int) -> int:
    given = request.query_params.get(name, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 12 else default


def _masked(request: Request, letter: Letter) -> dict[str, object]:
    shown = letter if request.query_params.get("show_text") == "1" else masked_letter(letter)
    return shown.model_dump(mode="json")


HANDLERS: Final = {
    HTTPException: _on_error,
    BrokerAway: _on_error,
    DocumentsAway: _on_error,
    ValidationError: _on_error,
}
