"""The console as an application that the gateway's process mounts at /ops."""

from collections.abc import Callable
from datetime import datetime

from prometheus_client import REGISTRY
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from gateway.readiness import Readiness
from gateway.webhook import Rejected
from messages.process.settings import Settings
from ops.console import api
from ops.console.names import slack_names
from ops.console.pages import HERE, Pages
from ops.console.signing_in.one_time_links import OneTimeLinks
from ops.console.signing_in.session import Authentication, Token
from ops.console.view import View
from ops.documents.reader import Documents, DocumentsAway
from ops.metrics.recorder import Recorder
from ops.metrics.samples import Samples, collect_samples
from ops.queues.broker import Broker, BrokerAway
from ops.traces.log_trail import Trail


def build(
    settings: Settings,
    broker: Broker,
    trail: Trail | None,
    *,
    shared: bool,
    readiness: Readiness,
    links: OneTimeLinks | None = None,
    now: Callable[[], datetime] | None = None,
) -> ASGIApp:
    """The console over these queues; `shared` if other processes report in the documents, too.

    The documents' times are by the clock `now`, if that is not the machine's.
    """
    assert settings.mongo_url is not None
    documents = Documents(settings.mongo_url.get_secret_value())
    clock = {} if now is None else {"now": now}
    recorder = Recorder(broker, documents, _own_samples(), shared=shared, **clock)
    recorder.start()
    view = View(
        settings, broker, documents, trail, recorder, lambda: readiness.trouble, slack_names(settings), sandbox_now=now
    )
    return application(view, links)


def _own_samples() -> Callable[[], Samples]:
    return lambda: collect_samples(REGISTRY.collect())


def application(view: View, links: OneTimeLinks | None = None) -> ASGIApp:
    """The console's pages and API, behind the token, or a link that signs in once."""
    pages = Pages(view)
    app = Starlette(
        routes=[
            Mount("/api", Starlette(routes=api.routes(view), exception_handlers=api.HANDLERS)),
            Mount("/static", StaticFiles(directory=HERE / "static")),
            *pages.routes(),
        ],
        exception_handlers={
            BrokerAway: pages.trouble,
            DocumentsAway: pages.trouble,
            HTTPException: pages.missing,
            Rejected: _on_rejected,
        },
    )
    token = Token(view.settings.ops_token.get_secret_value())
    secure = view.settings.url.startswith("https://")
    return Authentication(app, token, pages.sign_in, secure=secure, links=links)


def _on_rejected(_: Request, error: Exception) -> Response:
    """What a body that is no form of the console's is answered, once the token was right."""
    assert isinstance(error, Rejected)
    return Response(f"{error.reason}\n", error.status)
