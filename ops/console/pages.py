"""The console's pages: HTML that the server draws, and that a small script reads again every few seconds."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from messages.deadlines import policy_words
from messages.line_settings.words import alerts_in_words, on_call_in_words
from messages.queues import QUEUES
from messages.team.auto_replies import examples
from ops import durations
from ops.console import charts, waterfall
from ops.console.dead_letters import grouped
from ops.console.forms import form_of
from ops.console.runs import Busy
from ops.console.search import search
from ops.console.ticket_rows import TicketRow, planned_rows, ticket_rows
from ops.console.view import View, agent_now
from ops.masking import masked_letter, masked_number
from ops.metrics.recorder import Reading
from ops.metrics.stages import SLACK_API, TWILIO_API, WEBHOOKS
from ops.queues.broker import held_words
from ops.queues.layout import family
from ops.queues.letters import Selection
from ops.traces.due import due_now

HERE: Final = Path(__file__).parent
PAGE: Final = 50
PEEK: Final = 20
NOTHING: Final = "Select some dead letters first, or use the buttons for all of them."
CALLED: Final = (WEBHOOKS, SLACK_API, TWILIO_API)


class Pages:
    """Draws the pages of a view."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._templates = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters |= {"short": durations.short, "mask": masked_number, "pretty": _pretty}
        self._templates.globals |= {"spark": charts.spark, "queues": QUEUES}

    def routes(self) -> list[Route]:
        """The pages' routes."""
        return [
            Route("/", self.overview),
            Route("/queues", self.queues),
            Route("/queues/{name}", self.queue),
            Route("/calls", self.calls),
            Route("/dead", self.dead),
            Route("/dead/{verb:str}", self.move, methods=["POST"]),
            Route("/dead/{id:str}", self.letter),
            Route("/pending", self.pending),
            Route("/tickets", self.tickets),
            Route("/lines", self.lines),
            Route("/search", self.search),
            Route("/trace/{id:path}", self.trace),
        ]

    def sign_in(self, request: Request) -> Response:
        """The form that asks for the token, and nothing else."""
        path = request.url.path
        query = urlencode([each for each in request.query_params.multi_items() if each[0] != "wrong"])
        after = f"{path}?{query}" if query else path
        page = self._templates.get_template("sign_in.html")
        return HTMLResponse(page.render(after=after, wrong=request.query_params.get("wrong") == "1"), 401)

    def trouble(self, request: Request, error: Exception) -> Response:
        """A page that says what can't be shown, and why."""
        return self._draw(request, "trouble.html", 503, error=str(error))

    def missing(self, request: Request, error: Exception) -> Response:
        """A page that says that there is no such page, with the way to those that there are."""
        assert isinstance(error, HTTPException)
        words = f"There is no page {request.url.path}." if error.status_code == 404 else f"{error.detail}."
        answer = self._draw(request, "trouble.html", error.status_code, error=words)
        answer.headers.update(error.headers or {})
        return answer

    def overview(self, request: Request) -> Response:
        """What is wrong, the flow from webhook to Slack, what waits."""
        view, latest = self._view, self._view.recorder.latest()
        return self._draw(
            request,
            "overview.html",
            problems=view.problems(),
            latest=latest,
            states={each.name: each for each in latest.snapshot.queues} if latest and latest.snapshot else {},
            history=view.recorder.history(),
            series=_series,
            statuses=view.tickets_by_status(),
        )

    def queues(self, request: Request) -> Response:
        """Every queue with its numbers."""
        latest = self._view.recorder.latest()
        return self._draw(
            request,
            "queues.html",
            snapshot=latest.snapshot if latest else None,
            troubles=latest.troubles if latest else (),
            history=self._view.recorder.history(),
            ready=_ready,
        )

    def queue(self, request: Request) -> Response:
        """The next messages of one queue, read when the page is opened."""
        name = request.path_params["name"]
        if family(name) not in QUEUES:
            return self._draw(request, "trouble.html", 404, error=f"There is no queue {name}.")
        show_text = request.query_params.get("show_text") == "1"
        broker = self._view.broker
        found = broker.peek(name, PEEK)
        held = held_words(name, broker.snapshot(), len(found), self._view.now()) if len(found) < PEEK else ""
        shown = found if show_text else [masked_letter(letter) for letter in found]
        return self._draw(request, "queue.html", name=name, letters=shown, show_text=show_text, held=held)

    def calls(self, request: Request) -> Response:
        """What came in and went out in the last minute, by method and outcome, the failing ones first."""
        latest = self._view.recorder.latest()
        found = latest.calls if latest else ()
        by_stage = {stage: [each for each in found if each.stage == stage] for stage in CALLED}
        return self._draw(request, "calls.html", by_stage=by_stage)

    def dead(self, request: Request) -> Response:
        """Dead letters with filters, by page."""
        view, query = self._view, request.query_params
        selection, wrong = _selection(query)
        look, start = view.dead_letters(), _place(query.get("from", ""))
        matching = [] if wrong else view.dead.matching(selection, look)
        return self._draw(
            request,
            "dead.html",
            wrong=wrong or (NOTHING if query.get("nothing") else ""),
            query=query,
            filters=_filters(query),
            look=look.page,
            read_at=look.at,
            seen_until=look.until.isoformat(),
            matching=len(matching),
            groups=grouped(matching),
            letters=[masked_letter(letter) for letter in matching[start : start + PAGE]],
            start=start,
            page=PAGE,
            run=view.runs.latest,
        )

    def letter(self, request: Request) -> Response:
        """One dead letter with its payload."""
        found = self._view.dead.get(request.path_params["id"])
        if found is None:
            return self._draw(
                request,
                "trouble.html",
                404,
                error="There is no such dead letter. It may have been replayed or dropped.",
            )
        show_text = request.query_params.get("show_text") == "1"
        shown = found if show_text else masked_letter(found)
        return self._draw(request, "letter.html", letter=shown, show_text=show_text, replayable=found.is_replayable)

    async def move(self, request: Request) -> Response:
        """Start to replay or drop dead letters, or stop doing so."""
        view, verb = self._view, request.path_params["verb"]
        form = FormData([*form_of(await request.body(), request.headers.get("content-type", ""))])
        if verb == "stop":
            view.runs.stop()
            return RedirectResponse("/ops/dead", 303)
        ids = tuple(str(id) for id in form.getlist("id"))
        selection, wrong = _selection(form)
        if verb not in {"replay", "drop"} or wrong:
            error = wrong or f"Nothing can {verb} dead letters."
            return await run_in_threadpool(self._draw, request, "trouble.html", 400, error=error)
        if not (ids or form.get("all")):
            return RedirectResponse(f"/ops/dead?{urlencode({**_filters(form), 'nothing': '1'})}", 303)
        chosen = Selection(ids=ids) if ids else selection
        move = view.broker.replay if verb == "replay" else view.broker.drop
        counted = str(form.get("count", ""))
        expected = len(ids) or (_place(counted) if counted else None)
        try:
            done = "replayed" if verb == "replay" else "dropped"
            thread = view.runs.start(done, lambda report: move(chosen, report), expected)
        except Busy:
            error = "Another replay or drop is still running. Wait for it to finish, or stop it."
            return await run_in_threadpool(self._draw, request, "trouble.html", 409, error=error)
        # A short run is over before its page is read; a long one is shown with its progress.
        await run_in_threadpool(thread.join, 1.0)
        view.dead.forget()
        return RedirectResponse("/ops/dead", 303)

    def pending(self, request: Request) -> Response:
        """Conversations with texts that wait to be announced, and texts that are planned."""
        documents = self._view.documents
        planned = planned_rows(documents.planned(200), documents)
        return self._draw(request, "pending.html", pending=self._view.pending(200), planned=planned)

    def tickets(self, request: Request) -> Response:
        """Tickets by status, or those that are late, by page, in the order of their turns."""
        documents, status = self._view.documents, request.query_params.get("status", "")
        statuses, late = documents.tickets_by_status(), documents.late_tickets(self._view.documents_now())
        known = {"late": late, **{each.value: (count, {"status": each.value}) for each, count in statuses.items()}}
        count, query = known.get(status) or (sum(statuses.values()), {})
        start = _place(request.query_params.get("from", ""))
        rows = ticket_rows(documents.tickets_by_turn(query, PAGE, start), documents)
        shown = {"statuses": statuses, "status": status, "late": late[0], **_page(rows, count, start)}
        return self._draw(request, "tickets.html", **shown)

    def lines(self, request: Request) -> Response:
        """Every line and its health."""
        view = self._view
        throttled, refusing = view.documents.throttled(view.documents_now()), view.documents.refusing()
        calendars = {each.id: each for each in view.documents.calendars()}
        lines = [view.line_health(line, calendars, throttled, refusing) for line in view.documents.lines()]
        targets = [(each.line.label, list(policy_words.described(each.line.policy))) for each in lines]
        told = [(each.line.label, [*on_call_in_words(each.line), *alerts_in_words(each.line)]) for each in lines]
        automatic = [(each.line.label, examples(each.line.auto_replies, each.line.label)) for each in lines]
        return self._draw(
            request,
            "lines.html",
            lines=lines,
            automatic=automatic,
            targets=targets,
            told=told,
            agents=[agent_now(each, calendars, view.documents_now()) for each in view.documents.agents()],
            texts_to_no_line=view.texts_to_no_line(),
        )

    def search(self, request: Request) -> Response:
        """Redirects to a trace, or shows the tickets that match."""
        asked = request.query_params.get("q", "").strip()
        found = search(asked, self._view.documents)
        if found.trace is not None:
            return RedirectResponse(f"/ops/trace/{found.trace}", 303)
        start = _place(request.query_params.get("from", ""))
        rows = ticket_rows(found.tickets[start : start + PAGE], self._view.documents)
        return self._draw(request, "search.html", asked=asked, **_page(rows, len(found.tickets), start))

    def trace(self, request: Request) -> Response:
        """Everything known of an id: what happened to each text and ticket, in time order."""
        found, query = self._view.trace(request.path_params["id"]), request.query_params
        shown = waterfall.Shown(tuple(query.getlist("kind")), query.get("trouble") == "1")
        return self._draw(
            request,
            "trace.html",
            200 if found.subject else 404,
            trace=found,
            shown=shown,
            kinds=waterfall.kinds(found.steps),
            groups=waterfall.groups(found.steps, shown),
            bar=waterfall.bar,
        )

    def _draw(self, request: Request, template: str, code: int = 200, **shown: Any) -> Response:
        page = self._templates.get_template(template)
        now = self._view.documents_now() if template in _OF_DOCUMENTS else self._view.now()
        html = page.render(
            path=request.url.path,
            form_key=request.scope.get("form_key", ""),
            now=now,
            ago=lambda moment: durations.age(moment, now),
            due=lambda row: due_now(row.ticket, row.calendar, now),
            until=lambda moment: durations.short((moment - now).total_seconds()),
            named=self._view.names.page(),
            **shown,
        )
        return HTMLResponse(html, code)


_OF_DOCUMENTS: Final = frozenset({"pending.html", "tickets.html", "search.html", "lines.html"})
"""The pages with times of documents; the others have those of queues and processes."""

_FILTERS: Final = ("queue", "actor", "reason", "older_than", "newer_than")


def _selection(given: QueryParams | FormData) -> tuple[Selection, str]:
    """The selection that a form's fields describe, and what is wrong with the fields (empty if nothing is)."""
    text = {name: str(given.get(name) or "").strip() for name in _FILTERS}
    if text["queue"] and text["queue"] not in QUEUES:
        return Selection(), f"There is no queue {text['queue']}."
    try:
        ages: Mapping[str, Any] = {
            name: durations.parse(text[name]) for name in ("older_than", "newer_than") if text[name]
        }
    except ValueError as error:
        return Selection(), str(error)
    queues = (text["queue"],) if text["queue"] else ()
    try:
        return Selection(
            queues=queues,
            actor=text["actor"] or None,
            reason=text["reason"] or None,
            until=given.get("until") or None,
            **ages,
        ), ""
    except ValidationError:
        return Selection(), "The form does not say until when. Load the page again."


def _filters(given: QueryParams | FormData) -> dict[str, str]:
    """The filters that are set."""
    return {name: str(given[name]) for name in _FILTERS if given.get(name)}


def _place(given: str) -> int:
    """A place in a list, as the address has it; the first for anything else."""
    return int(given) if given.isascii() and given.isdigit() and len(given) < 12 else 0


def _page(rows: Sequence[TicketRow], count: int, start: int) -> dict[str, Any]:
    """What a page of tickets shows: these rows of so many, from a place on."""
    return {"rows": rows, "count": count, "start": start, "page": PAGE}


def _series(history: list[Reading], stage: str, what: str) -> list[float | None]:
    """One number of one stage over time."""
    return [next((getattr(each, what) for each in moment.stages if each.name == stage), None) for moment in history]


def _ready(history: list[Reading], queue: str) -> list[float | None]:
    """The backlog of one queue over time."""
    return [
        next((float(each.ready) for each in moment.snapshot.queues if each.name == queue), None)
        if moment.snapshot
        else None
        for moment in history
    ]


def _pretty(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=_isoformat)


def _isoformat(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
