"""What `clerk doctor` concludes from the answers that it gets."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import uvicorn
import yaml
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from messages.line import Line
from messages.process.settings import Settings
from ops.checks import broker, disk, documents, opt_outs, reach, slack, twilio
from ops.checks.finding import Finding, Verdict
from ops.console.problems import of_snapshot
from ops.documents.processes import RunningProcess
from ops.metrics.samples import Samples
from ops.queues.broker import QueueState, Snapshot
from tests.servers import free_port, wait_until
from tests.small_proxy import small_proxy

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LINE = Line(id="+15550001111", channel="C0TEXTS")


def states(findings: Iterator[Finding] | list[Finding]) -> dict[str, Verdict]:
    return {each.check: each.state for each in findings}


@contextmanager
def served(*routes: Route) -> Iterator[str]:
    """A real HTTP server with these routes."""
    import threading

    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(Starlette(routes=list(routes)), port=port, log_config=None, lifespan="off", ws="none")
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_until(lambda: server.started, "the server serves")
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)


def settings(**given: Any) -> Settings:
    return Settings(sandbox=True, slack_bot_token="xoxb-1", **given)


def slack_server(answer: dict[str, Any], scopes: str | None, channel: dict[str, Any]) -> list[Route]:
    def auth(request: Request) -> Response:
        assert request.headers["authorization"] == "Bearer xoxb-1"
        return JSONResponse(answer, headers={} if scopes is None else {"x-oauth-scopes": scopes})

    def info(request: Request) -> Response:
        assert request.query_params["channel"] == LINE.channel
        return JSONResponse(channel)

    return [Route("/api/auth.test", auth, methods=["POST"]), Route("/api/conversations.info", info)]


HEALTHY = {"ok": True, "user": "clerk", "team": "Ours"}
THERE = {"ok": True, "channel": {"id": "C0TEXTS", "name": "texts", "is_archived": False, "is_member": True}}


def in_slack(answer: dict[str, Any], scopes: str | None, channel: dict[str, Any]) -> list[Finding]:
    with served(*slack_server(answer, scopes, channel)) as url:
        return list(slack.check(settings(slack_api_url=f"{url}/api/"), [LINE], {}))


def test_a_healthy_workspace_needs_no_action() -> None:
    found = in_slack(HEALTHY, ",".join(slack.SCOPES), THERE)
    assert {each.state for each in found} == {Verdict.GOOD}
    assert len(found) == 3


def test_a_wrong_token_is_reported_with_where_to_get_the_right_one() -> None:
    (found,) = in_slack({"ok": False, "error": "invalid_auth"}, None, THERE)
    assert (found.state, found.check) == (Verdict.BAD, "Slack token")
    assert "CLERK_SLACK_BOT_TOKEN" in found.todo


def test_missing_scopes_are_reported_with_how_to_reinstall() -> None:
    held = [scope for scope in slack.SCOPES if scope not in {"files:write", "im:write"}]
    found = next(each for each in in_slack(HEALTHY, ",".join(held), THERE) if each.check == "Slack scopes")
    assert (found.state, found.found) == (Verdict.BAD, "missing: im:write, files:write")
    assert "Reinstall" in found.todo


def test_a_missing_scope_for_contacts_names_is_advice_because_all_works_without_it() -> None:
    held = [scope for scope in slack.SCOPES if scope != slack.CUSTOMIZE]
    found = next(each for each in in_slack(HEALTHY, ",".join(held), THERE) if each.check == "Slack scopes")
    assert found.state is Verdict.ADVICE
    assert found.found.startswith("missing: chat:write.customize. Contacts' words")
    assert "Reinstall" in found.todo


@pytest.mark.parametrize(
    ("refused", "state", "words"),
    [
        (None, Verdict.SKIPPED, "nobody has opened it"),
        ("not_enabled", Verdict.BAD, "the app has no Home tab"),
        ("", Verdict.GOOD, "it was shown"),
    ],
)
def test_a_home_that_slack_does_not_show_is_reported_with_what_to_switch_on(
    refused: str | None, state: Verdict, words: str
) -> None:
    found = slack.of_home(refused)
    assert (found.state, words in found.found) == (state, True)
    assert (found.todo == "") == (state is Verdict.GOOD)
    assert state is Verdict.GOOD or all(each in found.todo for each in ("App Home", "app_home_opened"))


def test_the_required_scopes_are_those_of_the_manifest() -> None:
    manifest = yaml.safe_load(Path("docs/slack-app.yaml").read_text())
    assert set(slack.SCOPES) == set(manifest["oauth_config"]["scopes"]["bot"])


@pytest.mark.parametrize(
    ("answer", "state", "todo"),
    [
        ({"ok": False, "error": "channel_not_found"}, Verdict.BAD, "/invite @clerk"),
        ({"ok": False, "error": "ratelimited"}, Verdict.SKIPPED, "again"),
        ({"ok": True, "channel": {"name": "texts", "is_archived": True, "is_member": True}}, Verdict.BAD, "Unarchive"),
        ({"ok": True, "channel": {"name": "texts", "is_member": False}}, Verdict.BAD, "/invite @clerk in #texts"),
    ],
)
def test_an_unusable_channel_is_reported_with_what_to_do(answer: dict[str, Any], state: Verdict, todo: str) -> None:
    found = slack.of_channel(LINE, answer)
    assert found.state is state
    assert todo in found.todo


@pytest.mark.parametrize("status", [403, 404, 407, 502])
def test_the_page_of_a_proxy_is_no_word_of_slack_or_twilio_about_the_credentials(status: int) -> None:
    def page(_: Request) -> Response:
        return HTMLResponse("<h1>The firewall of your company</h1>", status)

    with served(Route("/{path:path}", page, methods=["GET", "POST"])) as url:
        asked = settings(slack_api_url=f"{url}/api/", twilio_api_url=url)
        found = [*slack.check(asked, [LINE], {}), *twilio.check(asked, [LINE], {})]
    assert [each.check for each in found] == ["Slack", "Twilio"]
    assert all("proxy" in each.todo and "Copy" not in each.todo for each in found)


def test_an_outage_of_slack_is_reported_and_does_not_end_the_doctor() -> None:
    found = list(slack.check(settings(slack_api_url="http://127.0.0.1:1/api/"), [LINE], {}))
    assert states(found) == {"Slack": Verdict.BAD}


def number(**given: Any) -> dict[str, Any]:
    url = "https://clerk.example.org/twilio/sms#rc=5&rp=all"
    fallback = "https://clerk.example.org/twilio/sms"
    return {"phone_number": LINE.id, "sms_url": url, "sms_method": "POST", "sms_fallback_url": fallback, **given}


@pytest.mark.parametrize(
    ("numbers", "state", "words"),
    [
        ([number()], Verdict.GOOD, ""),
        ([], Verdict.BAD, "is not a number of this account"),
        ([number(sms_url="https://old.example.org/twilio/sms")], Verdict.BAD, "old.example.org"),
        ([number(sms_url="")], Verdict.BAD, "nowhere"),
        ([number(sms_url=None)], Verdict.BAD, "nowhere"),
        ([number(sms_url="http://clerk.example.org/twilio/sms")], Verdict.BAD, "http://clerk"),
        ([number(sms_method="GET")], Verdict.BAD, "GET"),
        ([number(sms_url="https://clerk.example.org/twilio/sms")], Verdict.ADVICE, "try again"),
        ([number(sms_fallback_url="")], Verdict.ADVICE, "no fallback URL"),
    ],
)
def test_a_number_whose_webhook_leads_elsewhere_is_reported(
    numbers: list[dict[str, Any]], state: Verdict, words: str
) -> None:
    found = list(twilio.of_number(LINE, numbers, "https://clerk.example.org"))
    assert found[-1].state is state
    assert words in found[-1].found + found[-1].todo


@pytest.mark.parametrize(("status", "words"), [(401, "CLERK_TWILIO_AUTH_TOKEN"), (500, "network")])
def test_an_account_that_twilio_refuses_is_reported(status: int, words: str) -> None:
    def account(_: Request) -> Response:
        return PlainTextResponse("no", status)

    with served(Route("/2010-04-01/Accounts/{sid}", account)) as url:
        found = list(twilio.check(settings(twilio_api_url=url), [LINE], {}))
    assert found[-1].state is Verdict.BAD
    assert words in found[-1].todo


@pytest.mark.parametrize("direct", [False, True])
def test_slack_and_twilio_are_reached_as_the_workers_reach_them(direct: bool) -> None:
    account = Route("/2010-04-01/Accounts/{sid}", lambda _: JSONResponse({"status": "active"}))
    with small_proxy() as proxy, served(*slack_server(HEALTHY, None, THERE), account) as url:
        through = settings(
            slack_api_url=f"{url if direct else proxy.lead('slack.test', url)}/api/",
            twilio_api_url=url if direct else proxy.lead("twilio.test", url),
            http_proxy=proxy.url,
        )
        found = [*slack.check(through, [], {}), *twilio.check(through, [], {})]
        assert Verdict.BAD not in states(found).values()
        asked = [each.partition("/")[0] for each in proxy.seen]
        assert asked == ([] if direct else ["slack.test", "twilio.test"])


@pytest.mark.parametrize(
    ("line", "state", "words"),
    [
        (Line(id="+15550001111", channel="C1"), Verdict.GOOD, "us (default): STOP, "),
        (Line(id="+18005550199", channel="C1"), Verdict.GOOD, "toll-free (default): STOP opts out"),
        (Line(id="+18005550199", channel="C1", opt_out="us"), Verdict.ADVICE, "CANCEL"),
        (Line(id="+15550001111", channel="C1", opt_out="none"), Verdict.ADVICE, "no word opts out"),
        (Line(id="+15550001111", channel="C1", pool="MG1"), Verdict.GOOD, "of the whole Messaging Service MG1"),
        (Line(id="+15550001111", channel="C1", opt_out="STOP,ARRET"), Verdict.GOOD, "STOP, ARRET opts out"),
    ],
)
def test_the_words_that_opt_out_of_each_line_are_reported(line: Line, state: Verdict, words: str) -> None:
    (found,) = opt_outs.check([line])
    assert found.state is state
    assert words in found.found
    assert bool(found.todo) is (state is Verdict.ADVICE)


def test_a_public_url_that_leads_to_something_else_is_reported() -> None:
    with served(Route("/healthz", lambda _: PlainTextResponse("<html>a login page</html>"))) as url:
        found = list(reach.check(settings(public_url=url), {}))
    assert states(found) == {"public URL": Verdict.BAD}


def test_a_public_url_that_only_this_machine_can_reach_is_reported() -> None:
    real = Settings(twilio_account_sid="AC1", twilio_auth_token="t", slack_bot_token="b", slack_signing_secret="s")
    found = list(reach.check(real.model_copy(update={"port": 1}), {}))
    assert "CLERK_PUBLIC_URL" in found[0].todo
    assert found[0].state is Verdict.BAD


def test_well_signed_webhooks_that_can_not_be_used_are_told_and_are_no_refusals() -> None:
    counted: Samples = {
        ("clerk_webhooks_total", (("outcome", "unusable"), ("route", "/slack/events"))): 3.0,
    }
    told, found = [each for each in reach.of_webhooks(counted) if each.check == "webhooks of Slack"]
    assert (told.state, told.found.partition(" ")[0]) == (Verdict.ADVICE, "3")
    assert found.state is Verdict.GOOD


@pytest.mark.parametrize(
    ("taken", "refused", "state"),
    [(0, 0, Verdict.ADVICE), (100, 0, Verdict.GOOD), (100, 3, Verdict.GOOD), (5, 5, Verdict.BAD), (0, 1, Verdict.BAD)],
)
def test_webhooks_with_wrong_signatures_are_reported(taken: int, refused: int, state: Verdict) -> None:
    counted: Samples = {
        ("clerk_webhooks_total", (("outcome", "accepted"), ("route", "/twilio/sms"))): float(taken),
        ("clerk_webhooks_total", (("outcome", "rejected"), ("route", "/twilio/sms"))): float(refused),
    }
    found = next(each for each in reach.of_webhooks(counted) if each.check == "webhooks of Twilio")
    assert found.state is state
    if state is Verdict.BAD:
        assert "CLERK_TWILIO_AUTH_TOKEN" in found.todo


@pytest.mark.parametrize(("seconds", "state"), [(1, Verdict.GOOD), (-30, Verdict.ADVICE), (400, Verdict.BAD)])
def test_clocks_that_disagree_are_reported(seconds: int, state: Verdict) -> None:
    dates = {"Slack": format_datetime(NOW - timedelta(seconds=seconds), usegmt=True), "Twilio": ""}
    (found,) = reach.of_dates(dates, NOW)
    assert found.state is state


def snapshot(**fields: Any) -> Snapshot:
    queue = QueueState.model_validate({"name": "slack", "consumers": 1, **fields})
    return Snapshot(at=NOW, source="a test", queues=(queue,))


@pytest.mark.parametrize(
    ("fields", "check", "state"),
    [
        ({}, "backlog", Verdict.GOOD),
        ({"consumers": 0}, "workers", Verdict.BAD),
        ({"dead": 3}, "dead letters", Verdict.BAD),
        ({"ready": 9, "oldest": 61.0}, "backlog", Verdict.BAD),
        ({"ready": 9, "oldest": 2.0}, "backlog", Verdict.GOOD),
        ({"ready": 9, "oldest": 99.0, "consumers": 0}, "backlog", Verdict.ADVICE),
        ({"held": 2, "stalled": 121.0}, "workers are stuck", Verdict.BAD),
    ],
)
def test_queues_that_need_attention_are_reported(fields: dict[str, Any], check: str, state: Verdict) -> None:
    assert states(broker.of_queues(snapshot(**fields)))[check] is state


def process(kind: str, ahead: float = 0) -> RunningProcess:
    reported = NOW + timedelta(seconds=ahead)
    return RunningProcess(id=kind, kind=kind, host="h", pid=1, started_at=NOW, told_at=reported, seen_at=NOW)


def worker_of(*queues: str, seconds: float) -> RunningProcess:
    """A `clerk worker` that was started so long before it last reported, on a machine whose clock is wrong."""
    told = NOW + timedelta(hours=1)
    started = told - timedelta(seconds=seconds)
    return RunningProcess(
        id="w", kind="worker", host="h", pid=1, queues=queues, started_at=started, told_at=told, seen_at=NOW
    )


def test_a_worker_that_has_just_been_started_is_said_to_start() -> None:
    found = next(broker.of_queues(snapshot(consumers=0), lambda: [worker_of("slack", seconds=4)]))
    assert (found.state, found.todo) == (Verdict.ADVICE, "Run clerk doctor again in some seconds.")
    assert found.found == "no worker serves slack yet; the one that will was started on h 4 s ago"
    assert of_snapshot(snapshot(consumers=0), [worker_of("slack", seconds=4)]) == []


@pytest.mark.parametrize(
    "running", [[], [worker_of("slack", seconds=61)], [worker_of("sms", seconds=4)], [process("gateway")]]
)
def test_a_queue_that_nobody_is_about_to_serve_has_no_worker(running: list[RunningProcess]) -> None:
    (found,) = [each for each in broker.of_queues(snapshot(consumers=0), lambda: running) if each.check == "workers"]
    assert (found.state, found.found) == (Verdict.BAD, "no worker serves slack")
    assert [each.found for each in of_snapshot(snapshot(consumers=0), running)] == ["No worker serves the queue slack."]


def test_a_missing_clock_is_reported() -> None:
    found = list(documents.of_processes([process("gateway"), process("worker")]))
    assert (found[0].state, found[0].todo) == (Verdict.BAD, "Start: clerk clock")
    assert states(documents.of_processes([process("run")])) == {"processes": Verdict.GOOD}


def test_a_machine_whose_clock_is_wrong_is_reported() -> None:
    everyone = [process("gateway"), process("worker", ahead=-90), process("clock")]
    found = [each for each in documents.of_processes(everyone) if each.check == "clocks"]
    assert [each.state for each in found] == [Verdict.BAD]


@pytest.mark.parametrize(
    ("free", "state", "words"),
    [
        (4096, Verdict.BAD, "the disk of /data is full"),
        (50_000_000, Verdict.ADVICE, "50 MB are free on the disk of /data"),
        (5_000_000_000, Verdict.GOOD, "5,000 MB are free on the disk of /data"),
    ],
)
def test_a_disk_that_fills_is_reported_before_it_is_full(free: int, state: Verdict, words: str) -> None:
    found = disk.of_room(Path("/data"), free)
    assert (found.state, found.found) == (state, words)
