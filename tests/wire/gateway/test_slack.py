"""Slack's webhooks over real HTTP: verified on the raw bytes, handled or dropped, never answered with a 5xx."""

import json
import time
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from messages.inbound import SlackReplyChanged, SlackReplyPosted
from messages.notification import AgentActed, HidePost, OpenModal
from messages.sms import SlackFile, WriteTyped
from messages.ticket import ActOnTicket, Edit
from messages.views import OpenDashboard
from tests import make
from tests.wire.gateway.helpers import FORM, SECRET, Served, click, reply_event, slack_headers, submission

EVENT = json.dumps(reply_event()).encode()


def _now(offset: float = 0) -> str:
    return str(int(time.time() + offset))


@pytest.mark.parametrize(
    "timestamp",
    [
        None,
        "",
        "soon",
        "-1",
        "0",
        "1.7e9",
        "1700000000.5",
        "0x10",
        "１７００００００００",
        "1²",
        "9" * 12,
        "9" * 5000,
    ],
)
def test_a_timestamp_that_is_missing_or_garbled_is_refused(gateway: Served, timestamp: str | None) -> None:
    signed = slack_headers(EVENT, "1" if timestamp is None else timestamp)
    if timestamp is None:
        del signed["x-slack-request-timestamp"]
    assert gateway.post("/slack/events", EVENT, {**FORM, **signed}).status_code == 401
    assert gateway.publisher.take() == []


@pytest.mark.parametrize("offset", [-400, 400])
def test_a_request_signed_too_long_ago_or_in_the_future_is_refused(gateway: Served, offset: float) -> None:
    assert gateway.slack("/slack/events", EVENT, **slack_headers(EVENT, _now(offset))).status_code == 401
    assert gateway.publisher.take() == []


@pytest.mark.parametrize("offset", [-290, 290])
def test_a_request_is_taken_although_the_clocks_differ_a_little(gateway: Served, offset: float) -> None:
    assert gateway.slack("/slack/events", EVENT, **slack_headers(EVENT, _now(offset))).status_code == 200


@pytest.mark.parametrize(
    "signature", [None, "", "v0=", "v0=" + "0" * 64, "v1=x", "ä¸­", "👋", "v0=" + "é" * 64, "A" * 6000, "V0"]
)
def test_a_forged_signature_is_refused(gateway: Served, signature: str | None) -> None:
    headers = slack_headers(EVENT)
    if signature is None:
        del headers["x-slack-signature"]
    else:
        headers["x-slack-signature"] = signature
    for path in ("/slack/events", "/slack/interactions", "/slack/commands"):
        assert gateway.post(path, EVENT, {**FORM, **headers}).status_code == 401
    assert gateway.publisher.take() == []


def test_a_signature_with_another_secret_body_or_time_is_refused(gateway: Served) -> None:
    assert gateway.slack("/slack/events", EVENT, **slack_headers(EVENT, secret=SECRET + "x")).status_code == 401
    assert gateway.slack("/slack/events", EVENT, **slack_headers(EVENT + b" ")).status_code == 401
    replayed = {**slack_headers(EVENT, _now(-60)), "x-slack-request-timestamp": _now()}
    assert gateway.slack("/slack/events", EVENT, **replayed).status_code == 401
    assert gateway.publisher.take() == []


def test_a_body_is_verified_as_it_came_with_blank_fields_and_order(gateway: Served) -> None:
    body = b"token=x&text=&user_name=a+b%20c&user_id=U0ADA&command=%2Fclerk&&channel_id=C0TEXTS"
    assert gateway.slack("/slack/commands", body).status_code == 200


def test_a_signed_body_that_is_not_utf8_is_refused_as_garbled(gateway: Served) -> None:
    assert gateway.slack("/slack/events", b"\xff\xfe{}").status_code == 400
    assert gateway.slack("/slack/interactions", b"payload=%ff%fe").status_code == 400
    assert gateway.slack("/slack/commands", b"text=\xff").status_code == 400


def test_a_reply_in_a_thread_is_published_as_it_was_written(gateway: Served) -> None:
    text = "On it :wave: <@U0BOB> &amp; שלום"
    assert gateway.event(reply_event(text=text)).status_code == 200
    (reply,) = gateway.publisher.take()
    assert isinstance(reply, SlackReplyPosted)
    expected = make.reply_posted(
        event_id="Ev0REPLY", text=text, received_at=reply.received_at, home=("T0TEAM",), team="T0TEAM"
    )
    assert reply == expected


def test_an_event_with_null_for_absent_fields_is_taken(gateway: Served) -> None:
    files = [
        {"id": "F1", "name": None, "mimetype": None, "url_private": None, "size": None, "mode": "tombstone"},
        {"id": "F2", "name": "a.png", "mimetype": "image/png", "url_private": "https://files.slack.com/a", "size": 9},
    ]
    assert gateway.event(reply_event(files=files, subtype="file_share", text=None, bot_id=None)).status_code == 200
    (reply,) = gateway.publisher.take()
    assert isinstance(reply, SlackReplyPosted)
    assert reply.text == ""
    assert reply.files[0] == SlackFile(id="F1")
    assert (reply.files[1].name, reply.files[1].size) == ("a.png", 9)


def test_a_file_that_slack_does_not_keep_has_no_address(gateway: Served) -> None:
    urls = (
        "https://files.slack.com/a",
        "https://docs.google.com/a",
        "http://files.slack.com/a",
        "https://a@slack.com/",
    )
    gateway.event(reply_event(files=[{"id": "F1", "url_private": url} for url in urls], subtype="file_share"))
    (reply,) = gateway.publisher.take()
    assert isinstance(reply, SlackReplyPosted)
    assert [file.url_private for file in reply.files] == ["https://files.slack.com/a", "", "", ""]


def test_a_reply_that_is_also_sent_to_the_channel_is_a_reply(gateway: Served) -> None:
    gateway.event(reply_event(subtype="thread_broadcast"))
    assert len(gateway.publisher.take()) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"bot_id": "B0OTHER"},
        {"subtype": "bot_message"},
        {"subtype": "message_changed", "message": {}, "ts": None},
        {"subtype": "message_deleted"},
        {"thread_ts": None},
        {"thread_ts": "1700000001.000100"},
        {"user": None},
        {"type": "reaction_added", "item": {}},
        {"type": "channel_archive"},
        {"type": "tokens_revoked", "tokens": {"oauth": ["U1"]}},
        {"type": "app_uninstalled"},
        {"type": "something_new"},
        {"type": "<b>\n"},
    ],
    ids=str,
)
def test_an_event_that_is_not_a_persons_reply_is_taken_and_dropped(gateway: Served, changes: dict[str, Any]) -> None:
    assert gateway.event(reply_event(**changes)).status_code == 200
    assert gateway.publisher.take() == []


WRITTEN: dict[str, Any] = {
    "type": "message",
    "user": make.AGENT,
    "text": "On it",
    "ts": "1700000001.000100",
    "thread_ts": "1700000000.000100",
}
EDITED = {**WRITTEN, "text": "On me", "edited": {"user": make.AGENT, "ts": "1700000009.000000"}}


def change(after: dict[str, Any] | None, before: dict[str, Any] | None = WRITTEN) -> dict[str, Any]:
    """The event of an edit, or, without `after`, of a deletion."""
    subtype = "message_deleted" if after is None else "message_changed"
    about = {"message": after, "previous_message": before, "hidden": True, "ts": "1700000009.000100"}
    return reply_event(subtype=subtype, user=None, thread_ts=None, text=None, **about)


@pytest.mark.parametrize(
    ("after", "before"), [(EDITED, WRITTEN), (EDITED, None), (None, WRITTEN), (None, {**EDITED, "subtype": None})]
)
def test_a_persons_edit_and_deletion_of_a_reply_are_published(
    gateway: Served, after: dict[str, Any] | None, before: dict[str, Any] | None
) -> None:
    assert gateway.event(change(after, before)).status_code == 200
    (changed,) = gateway.publisher.take()
    assert isinstance(changed, SlackReplyChanged)
    assert (changed.channel, changed.ts, changed.user) == (make.CHANNEL, WRITTEN["ts"], make.AGENT)
    assert changed.thread_ts == WRITTEN["thread_ts"]
    assert changed.deleted == (after is None)
    said = None if changed.reply is None else (changed.reply.text, changed.reply.edited, changed.reply.ts)
    assert said == (None if after is None else ("On me", EDITED["edited"]["ts"], WRITTEN["ts"]))


def test_an_edit_brings_all_that_a_reply_has(gateway: Served) -> None:
    files = [{"id": "F1", "name": "a.png", "url_private": "https://files.slack.com/a.png"}]
    after = {**EDITED, "files": files, "user_team": "T0TEAM", "attachments": [{"is_share": True}]}
    gateway.event(change(after))
    (changed,) = gateway.publisher.take()
    assert isinstance(changed, SlackReplyChanged)
    assert changed.reply is not None
    assert [file.id for file in changed.reply.files] == ["F1"]
    assert (changed.reply.team, changed.reply.beyond_text) == ("T0TEAM", ("forwarded message",))


@pytest.mark.parametrize(
    ("after", "before"),
    [
        ({**EDITED, "bot_id": "B0CLERK"}, {**WRITTEN, "bot_id": "B0CLERK"}),
        (None, {**WRITTEN, "bot_id": "B0CLERK"}),
        ({**WRITTEN, "attachments": [{"from_url": "https://example.org"}]}, WRITTEN),
        ({**EDITED, "attachments": [{"from_url": "https://example.org"}]}, EDITED),
        ({**EDITED, "thread_ts": WRITTEN["ts"]}, {**WRITTEN, "thread_ts": WRITTEN["ts"]}),
        ({**EDITED, "thread_ts": None}, {**WRITTEN, "thread_ts": None}),
        ({**WRITTEN, "subtype": "tombstone"}, WRITTEN),
        (None, {**WRITTEN, "subtype": "channel_join"}),
        (None, None),
    ],
    ids=["our own", "our own, deleted", "preview", "preview of an edit", "root", "no thread", "tombstone", "join", "?"],
)
def test_a_change_that_is_not_a_persons_edit_of_a_reply_is_dropped(
    gateway: Served, after: dict[str, Any] | None, before: dict[str, Any] | None
) -> None:
    assert gateway.event(change(after, before)).status_code == 200
    assert gateway.publisher.take() == []


def test_each_reply_in_a_thread_names_the_one_before_it(gateway: Served) -> None:
    for ts in ("1700000001.000100", "1700000002.000100", "1700000001.000100"):
        gateway.event(reply_event(ts=ts))
    gateway.event(reply_event(ts="1700000003.000100", thread_ts="1600000000.000100"))
    after = [reply.after for reply in gateway.publisher.take() if isinstance(reply, SlackReplyPosted)]
    assert after == [None, f"{make.CHANNEL}-1700000001.000100", None, None]


def test_a_message_from_a_connected_workspace_is_a_reply_that_names_it(gateway: Served) -> None:
    event = {**reply_event(user_team="T0OTHER", source_team="T0OTHER"), "team_id": "T0OTHER"}
    assert gateway.event(event).status_code == 200
    (reply,) = gateway.publisher.take()
    assert isinstance(reply, SlackReplyPosted)
    assert (reply.team, reply.home) == ("T0OTHER", ("T0TEAM",))


def test_a_repeated_event_is_published_as_the_same_fact(gateway: Served) -> None:
    for number in ("1", "2"):
        headers = {"x-slack-retry-num": number, "x-slack-retry-reason": "http_timeout"}
        answer = gateway.event(reply_event(), **headers)
        assert answer.status_code == 200
        assert "x-slack-no-retry" not in answer.headers
    one, two = gateway.publisher.take()
    assert one.model_dump(exclude={"received_at"}) == two.model_dump(exclude={"received_at"})


def test_slack_may_repeat_an_event_that_could_not_be_published(gateway: Served) -> None:
    gateway.publisher.trouble = "away"
    answer = gateway.event(reply_event())
    assert answer.status_code == 503
    assert "x-slack-no-retry" not in answer.headers


def test_slacks_url_verification_is_answered_with_its_challenge(gateway: Served) -> None:
    answer = gateway.event({"type": "url_verification", "token": "x", "challenge": 'a"b é'})
    assert (answer.status_code, answer.json()) == (200, {"challenge": 'a"b é'})
    assert answer.headers["content-type"] == "application/json"
    assert gateway.publisher.take() == []


def test_slacks_notice_of_too_many_events_is_taken(gateway: Served) -> None:
    limited = {"type": "app_rate_limited", "team_id": "T1", "minute_rate_limited": 1700000000, "api_app_id": "A1"}
    assert gateway.event(limited).status_code == 200


GARBLED = [b"", b"no json", b"{", b'{"type": NaN}', b'{"type": Infinity}', b'{"type": "a\x00b"}']

UNUSABLE = [
    b"[]",
    b'"text"',
    b"null",
    b"7",
    b'{"type": 7}',
    b'{"type": ["event_callback"]}',
    b'{"type": "event_callback", "event": 7}',
    b'{"type": "event_callback", "event": {"type": "message", "subtype": ["a"]}}',
    b'{"type": "event_callback", "event": {"type": "message", "subtype": {}}}',
    b'{"type": "event_callback", "event_id": 7, "event": {"type": "message"}}',
    b'{"type": "event_callback", "event": {"type": "message", "user": "U1", "thread_ts": "1"}}',
    b'{"type": "event_callback", "event": {"type": "message", "channel": 1, "ts": 2, "thread_ts": 3, "user": 4}}',
    b'{"type": "url_verification", "challenge": [[["x"]]]}',
    b'{"type": "\\ud800"}',
    b"[" * 100_000 + b"]" * 100_000,
    b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    b"9" * 100_000,
    json.dumps(reply_event(text="X")).encode().replace(b'"X"', b'"\\udc00"'),
    json.dumps(reply_event(files=[{"name": "no id"}])).encode(),
    *(
        json.dumps(reply_event(ts=ts)).encode()
        for ts in ("", "x", "1e999", "-1", "nan", "9" * 40, "1700000001.000100 ")
    ),
    json.dumps(reply_event(thread_ts="x")).encode(),
]


@pytest.mark.parametrize("body", GARBLED, ids=lambda body: body[:40])
def test_a_garbled_body_with_a_right_signature_is_refused_and_nothing_is_published(
    gateway: Served, body: bytes
) -> None:
    assert gateway.slack("/slack/events", body).status_code == 400
    payload = gateway.slack("/slack/interactions", urlencode({"payload": body}).encode())
    assert payload.status_code == (400 if body else 200)
    assert gateway.publisher.take() == []


@pytest.mark.parametrize("body", UNUSABLE, ids=lambda body: body[:40])
def test_a_well_signed_body_that_clerk_can_not_use_is_taken_dropped_and_counted(gateway: Served, body: bytes) -> None:
    """Slack ends the subscriptions of an app that refuses its events."""
    before = unusable(gateway, "/slack/events")
    assert gateway.slack("/slack/events", body).status_code == 200
    assert gateway.slack("/slack/interactions", urlencode({"payload": body}).encode()).status_code == 200
    assert gateway.publisher.take() == []
    assert unusable(gateway, "/slack/events") == before + 1


def unusable(gateway: Served, route: str) -> float:
    """How many webhooks of a route could not be used."""
    lines = gateway.http.get("/metrics").text.splitlines()
    prefix = f'clerk_webhooks_total{{outcome="unusable",route="{route}"}} '
    return sum(float(line.removeprefix(prefix)) for line in lines if line.startswith(prefix))


def test_a_nul_in_a_reply_does_no_harm(gateway: Served) -> None:
    assert gateway.event(reply_event(text="a\x00b")).status_code == 200
    (reply,) = gateway.publisher.take()
    assert isinstance(reply, SlackReplyPosted)
    assert reply.text == "a\x00b"


def test_a_click_is_published_as_the_orders_of_its_button(gateway: Served) -> None:
    answer = gateway.interaction(click("ticket.assign"))
    assert (answer.status_code, answer.content) == (200, b"")
    modal, seen = gateway.publisher.take()
    assert isinstance(modal, OpenModal)
    assert (modal.ticket, modal.user, modal.trigger_id) == (7, make.AGENT, "11.22.ab")
    assert modal.response_url == "https://hooks.slack.com/actions/T0TEAM/1/abc"
    assert isinstance(seen, AgentActed)
    assert seen.at == modal.received_at


def test_a_click_on_hide_names_the_message(gateway: Served) -> None:
    gateway.interaction(click("ticket.hide"))
    hide = gateway.publisher.take()[0]
    assert isinstance(hide, HidePost)
    assert (hide.channel, hide.ts, hide.by) == (make.CHANNEL, "1700000000.000100", make.AGENT)


def test_a_picked_option_is_published_as_its_order(gateway: Served) -> None:
    option = {"text": {"type": "plain_text", "text": "x"}, "value": '{"ticket": 7, "status": "solved"}'}
    picked = {"action_id": "ticket.status", "type": "static_select", "selected_option": option, "value": None}
    gateway.interaction(click(actions=[picked]))
    order = gateway.publisher.take()[0]
    assert isinstance(order, ActOnTicket)
    assert order.command.kind == "status"


def test_a_click_on_a_foreign_element_is_taken_and_dropped(gateway: Served) -> None:
    assert gateway.interaction(click("poll.vote")).status_code == 200
    assert gateway.interaction(click("ticket.open", value="no json")).status_code == 200
    assert gateway.interaction(click(actions=[])).status_code == 200
    assert gateway.publisher.take() == []


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://hooks.slack.com/actions/T1/1/x", True),
        ("https://hooks.slack-gov.com/x", False),
        ("http://hooks.slack.com/x", False),
        ("https://evil.example/slack.com", False),
        ("https://evilslack.com/x", False),
        ("https://slack.com.evil.example/x", False),
        ("https://slack.com@evil.example/x", False),
        ("https://evil.example\\.slack.com/x", False),
        ("https://hooks.slack.com:8443/x", False),
        ("https://hooks.slack.com:99999/x", False),
        ("http://169.254.169.254/latest", False),
        ("http://[::1", False),
        ("", False),
        (None, False),
    ],
)
def test_answers_are_sent_to_slack_alone(gateway: Served, url: str | None, kept: bool) -> None:
    assert gateway.interaction(click(response_url=url)).status_code == 200
    modal = gateway.publisher.take()[0]
    assert isinstance(modal, OpenModal)
    assert modal.response_url == (url if kept else None)


@pytest.mark.parametrize("kind", ["view_closed", "shortcut", "message_action", "block_suggestion", "new_kind", None])
def test_an_interaction_that_clerk_does_not_use_is_taken_and_dropped(gateway: Served, kind: str | None) -> None:
    assert gateway.interaction({**click(), "type": kind}).status_code == 200
    assert gateway.publisher.take() == []


@pytest.mark.parametrize("body", [b"", b"payload=", b"other=1", b'{"payload": 1}', b"payload"])
def test_a_form_without_a_payload_is_taken_and_dropped(gateway: Served, body: bytes) -> None:
    before = unusable(gateway, "/slack/interactions")
    assert gateway.slack("/slack/interactions", body).status_code == 200
    assert gateway.publisher.take() == []
    assert unusable(gateway, "/slack/interactions") == before + 1


def test_the_first_of_two_payloads_counts(gateway: Served) -> None:
    body = urlencode([("payload", json.dumps(click("ticket.open"))), ("payload", "{}")]).encode()
    assert gateway.slack("/slack/interactions", body).status_code == 200
    assert len(gateway.publisher.take()) == 1


@pytest.mark.parametrize(
    "changes",
    [{"user": None}, {"user": {"id": 7}}, {"actions": None}, {"actions": [7]}, {"actions": [{}]}, {"container": []}],
    ids=str,
)
def test_a_click_with_missing_parts_is_taken_and_dropped(gateway: Served, changes: dict[str, Any]) -> None:
    assert gateway.interaction(click(**changes)).status_code == 200
    assert gateway.publisher.take() == []


def test_a_good_form_is_published_and_the_modal_closes(gateway: Served) -> None:
    answer = gateway.interaction(submission({"subject": {"type": "plain_text_input", "value": "Blue one"}}))
    assert (answer.status_code, answer.content) == (200, b"")
    (order,) = gateway.publisher.take()
    assert isinstance(order, ActOnTicket)
    assert order.command == Edit(version=3, origin=make.CHANNEL, subject="Blue one")


def test_a_bad_form_gets_errors_at_its_fields_and_nothing_is_published(gateway: Served) -> None:
    answer = gateway.interaction(submission({"subject": {"value": "x" * 151}, "new_tags": {"value": "naïve"}}))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    found = answer.json()
    assert found["response_action"] == "errors"
    assert set(found["errors"]) == {"subject", "new_tags"}
    assert gateway.publisher.take() == []


def test_another_apps_modal_is_taken_and_dropped(gateway: Served) -> None:
    assert gateway.interaction(submission(callback_id="poll.create")).status_code == 200
    assert gateway.publisher.take() == []


@pytest.mark.parametrize(
    "view",
    [
        {"private_metadata": ""},
        {"private_metadata": "[" * 3000},
        {"private_metadata": '{"ticket": "x", "version": 1, "origin": "C1"}'},
        {"state": {"values": []}},
        {"state": {"values": {"subject": []}}},
        {"state": {"values": {"subject": {"subject": "x"}}}},
        {"state": {"values": {"tags": {"tags": {"selected_options": [{}]}}}}},
        {"state": {"values": {"notify": {"notify": {"selected_conversations": [[["x"]]]}}}}},
    ],
    ids=str,
)
def test_a_modal_with_clerks_name_and_another_shape_tells_that_nothing_was_saved(
    gateway: Served, view: dict[str, Any]
) -> None:
    answer = gateway.interaction(submission(**view))
    assert answer.status_code == 200
    assert answer.json()["response_action"] == "update"
    assert "nothing was saved" in str(answer.json()["view"])
    assert gateway.publisher.take() == []


def _command(gateway: Served, text: str, **changes: str) -> httpx.Response:
    form = {
        "command": "/clerk",
        "text": text,
        "user_id": make.AGENT,
        "channel_id": make.CHANNEL,
        "trigger_id": "11.22.ab",
        "response_url": "https://hooks.slack.com/commands/T0TEAM/1/abc",
        **changes,
    }
    return gateway.slack("/slack/commands", urlencode(form).encode())


@pytest.mark.parametrize("missing", ["user_id", "channel_id"])
def test_a_command_without_its_author_or_place_is_answered_in_words(gateway: Served, missing: str) -> None:
    answer = _command(gateway, "find x", **{missing: ""})
    assert (answer.status_code, answer.json()["response_type"]) == (200, "ephemeral")
    assert gateway.publisher.take() == []


@pytest.mark.parametrize("text", ["help", "HELP", "frobnicate", "send", "name ", "find"])
def test_a_command_that_needs_no_lookup_is_answered_at_once_in_private(gateway: Served, text: str) -> None:
    answer = _command(gateway, text).json()
    assert answer["response_type"] == "ephemeral"
    assert "/clerk" in answer["text"]
    assert gateway.publisher.take() == []


def test_a_command_is_published_as_it_was_typed_and_gets_an_empty_answer(gateway: Served) -> None:
    for _ in range(2):
        answer = _command(gateway, "send +15551234567 It's 5 &amp; :wave:  שלום")
        assert (answer.status_code, answer.content) == (200, b"")
    one, two = gateway.publisher.take()
    assert isinstance(one, WriteTyped)
    assert one.typed == "+15551234567 It's 5 &amp; :wave:  שלום"
    assert (one.by, one.channel) == (make.AGENT, make.CHANNEL)
    assert one.response_url == "https://hooks.slack.com/commands/T0TEAM/1/abc"
    assert isinstance(two, WriteTyped)
    assert one.sms == two.sms


def test_a_command_alone_opens_the_dashboard(gateway: Served) -> None:
    _command(gateway, "", response_url="https://evil.example/")
    (order,) = gateway.publisher.take()
    assert isinstance(order, OpenDashboard)
    assert (order.trigger_id, order.response_url) == ("11.22.ab", None)


def test_a_command_that_can_not_be_published_may_be_typed_again(gateway: Served) -> None:
    gateway.publisher.trouble = "away"
    assert _command(gateway, "send +15551234567 hi", response_url="").status_code == 503
    assert _command(gateway, "help").status_code == 200


def test_slacks_certificate_check_is_answered(gateway: Served) -> None:
    answer = gateway.slack("/slack/commands", b"ssl_check=1&token=x")
    assert (answer.status_code, answer.content) == (200, b"")


def test_a_form_and_a_command_name_the_workspace_of_who_gave_them(gateway: Served) -> None:
    guest = {"id": "U0GUEST", "username": "gus", "name": "gus", "team_id": "T0PARTNER"}
    modal = {**submission({"note": {"type": "plain_text_input", "value": "called"}}), "user": guest}
    typed = {"text": "hours", "user_id": "U0GUEST", "channel_id": make.CHANNEL, "team_id": "T0PARTNER"}
    gateway.interaction(modal)
    gateway.slack("/slack/commands", urlencode(typed).encode())
    came = gateway.publisher.take()
    assert [getattr(each, "team", None) for each in came] == ["T0PARTNER"] * 2
