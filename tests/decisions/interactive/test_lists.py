"""Lists of tickets and the modals in which texts are written: within Slack's limits, dead, and read back as shown."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.conversation import Contact
from messages.deadlines.priority import Priority
from messages.line import Line
from messages.orders import clicks, forms
from messages.orders.forms import PushedView
from messages.sms import WriteText
from messages.ticket import Status
from messages.views import FindTickets
from sandbox.slack.blockkit.block_checks import block_errors, modal_errors, too_long
from tests import make
from tests.decisions.helpers import ALIVE, submitted, text_objects, untouched
from tests.make import AGENT, CHANNEL, CONTACT, LINE
from workers.interactive import lists, reply_modals
from workers.interactive.lists import FoundTickets, ListPage, OpenTickets, Row
from workers.markup import last_text

LINK = "https://team.slack.com/archives/C0TEXTS/p1700000000000100?thread_ts=1&cid=C0TEXTS"
URL = "https://hooks.slack.com/commands/T1/2/" + "x" * 200

NAMES = st.just("") | make.visible(80)
ROWS = st.builds(Row, make.tickets(), NAMES, st.none() | st.just(LINK), st.none() | make.texts().map(last_text))
FULL = Row(
    make.ticket(
        id=10**9,
        subject="&" * 150,
        assignees=make.many("U", 100),
        status=Status.ON_HOLD,
        priority=Priority.URGENT,
    ),
    "&" * 80,
    LINK,
    last_text(make.sms(body="&" * 1600)),
)


def _dead(blocks: Sequence[Mapping[str, Any]]) -> None:
    for text in text_objects(blocks):
        if text["type"] == "mrkdwn":
            assert not ALIVE.search(text["text"].replace(f"<{LINK.replace('&', '&amp;')}|#", "")), text


@given(make.written(200), st.lists(ROWS, max_size=20))
def test_every_answer_is_within_slacks_limits_and_dead(query: str, rows: list[Row]) -> None:
    found = FoundTickets(rows[: lists.LISTED], len(rows))
    answer = lists.answer(ListPage(query), found)
    sent = json.loads(json.dumps(answer.blocks))
    assert block_errors(sent) == []
    assert not too_long(sent)
    assert answer.text
    _dead(answer.blocks)
    shown = lists.results(ListPage(query, 3, view="found-1"), FoundTickets(rows[: lists.FOUND], 1000))
    assert modal_errors(shown) == []
    _dead(shown["blocks"])


@given(st.dictionaries(st.sampled_from(Status), st.lists(ROWS, max_size=4)))
def test_every_dashboard_is_within_slacks_limits_and_dead(tickets: dict[Status, list[Row]]) -> None:
    view = lists.dashboard(OpenTickets(tickets), CHANNEL, URL)
    assert modal_errors(view) == []
    _dead(view["blocks"])


def test_the_fullest_lists_are_within_slacks_limits() -> None:
    everything: dict[Status, Sequence[Row]] = {status: [FULL] * 100 for status in Status if status is not Status.CLOSED}
    view = lists.dashboard(
        OpenTickets(everything, dict.fromkeys(everything, 10**6), unsure=True), CHANNEL, URL, "dashboard-1"
    )
    assert modal_errors(view) == []
    assert len(view["blocks"]) <= 100
    assert (
        modal_errors(lists.results(ListPage("😀" * 100, 7, view="x"), FoundTickets([FULL] * lists.FOUND, 10**6))) == []
    )
    page = ListPage("&" * 200, 7, CHANNEL)
    answer = json.loads(json.dumps(lists.answer(page, FoundTickets([FULL] * lists.LISTED, 10**6)).blocks))
    assert block_errors(answer) == []
    assert not too_long(answer)


def test_a_row_leads_to_the_thread_and_says_what_people_want_to_know() -> None:
    ticket = make.ticket(subject="Heating", status=Status.PENDING, priority=Priority.HIGH, assignees=(AGENT,))
    shown = str(lists.answer(ListPage("heat"), FoundTickets([Row(ticket, "Ann", LINK)], 1)).blocks)
    for part in (f"<{LINK.replace('&', '&amp;')}|#7>", "Ann", CONTACT, "Pending", "High", "Heating", "<@U0ADA>"):
        assert part in shown


def test_a_list_says_how_many_there_are_and_leads_to_all_of_them() -> None:
    first = lists.answer(ListPage("x"), FoundTickets([FULL] * lists.LISTED, 40))
    assert "40 tickets" in first.text
    assert "1 to 15" in first.text
    assert buttons(first.blocks) == {"Next": 1}
    second = lists.answer(ListPage("x", 1), FoundTickets([FULL] * lists.LISTED, 40))
    assert "16 to 30" in second.text
    assert buttons(second.blocks) == {"Previous": 0, "Next": 2}
    last = lists.answer(ListPage("x", 2), FoundTickets([FULL] * 10, 40))
    assert "31 to 40" in last.text
    assert buttons(last.blocks) == {"Previous": 1}
    assert "At least 1,000 tickets" in lists.answer(ListPage("x"), FoundTickets([FULL], 1000, at_least=True)).text
    assert "No ticket matches" in lists.answer(ListPage("x"), FoundTickets([], 0)).text


def buttons(blocks: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """The pages to which the buttons lead."""
    elements = [each for block in blocks if block["type"] == "actions" for each in block["elements"]]
    pages = [each for each in elements if each["action_id"].startswith("clerk.page")]
    return {each["text"]["text"]: json.loads(each["value"])["page"] for each in pages}


def test_the_dashboard_counts_each_status_and_leads_to_all_of_it() -> None:
    assert "There are no open tickets" in str(lists.dashboard(OpenTickets({Status.OPEN: []}), CHANNEL, None))
    view = lists.dashboard(OpenTickets({Status.OPEN: [FULL] * 16}, {Status.OPEN: 64}), CHANNEL, None, "dashboard-1")
    assert "Open (64)" in str(view)
    assert buttons(view["blocks"]) == {"All 64 Open": 0}
    assert view["external_id"] == "dashboard-1"


@pytest.mark.parametrize("view", [None, "found-1"])
def test_a_click_on_a_page_looks_for_it_where_it_was_shown(view: str | None) -> None:
    found = FoundTickets([FULL] * 15, 999)
    page = ListPage("😀 heat", 1, CHANNEL, view)
    blocks = lists.results(page, found)["blocks"] if view else lists.answer(page, found).blocks
    (button,) = [each for each in blocks[-1]["elements"] if each["text"]["text"] == "Next"]
    click = clicks.Click(
        action_id=button["action_id"],
        value=button["value"],
        user=AGENT,
        channel="",
        ts="",
        trigger_id="1",
        response_url=URL,
        at=make.NOW,
    )
    (order,) = clicks.orders(click)
    assert isinstance(order, FindTickets)
    assert (order.query, order.page, order.channel, order.view) == ("😀 heat", 2, CHANNEL, view)
    assert order.response_url == (None if view else URL)


def test_a_search_is_answered_at_once_with_a_modal_that_is_filled_by_its_id() -> None:
    view = {**lists.dashboard(OpenTickets({}), CHANNEL, URL), "id": "V1"}
    found = forms.read(submitted(view, query={"value": " heat "}))
    assert isinstance(found, PushedView)
    assert modal_errors(found.view) == []
    assert found.order.model_dump()["view"] == found.view["external_id"]
    assert found.order.model_dump()["query"] == "heat"
    assert found.order.model_dump()["channel"] == CHANNEL
    assert forms.read(submitted(view, query={"value": "  "})) == {"query": "Please write what to look for."}


# -- writing a text ---------------------------------------------------------------------------------------------------


def _line(place: int, name: str) -> Line:
    return make.line(id=f"+1555000{place:04d}", name=name)


def _contact(place: int, name: str) -> Contact:
    return make.contact(id=f"+1555111{place:04d}", name=name)


PLACES = st.integers(1, 999)
LINES = st.lists(st.builds(_line, PLACES, make.written(100)), max_size=120, unique_by=lambda line: line.id)
CONTACTS = st.lists(st.builds(_contact, PLACES, make.visible(80)), max_size=120, unique_by=lambda each: each.id)


@given(make.written(100), make.written(80), st.booleans(), st.none() | st.just(URL))
def test_every_reply_modal_is_within_slacks_limits(line: str, name: str, out: bool, url: str | None) -> None:
    view = reply_modals.reply(make.line(name=line), make.contact(name=name), CHANNEL, url, opted_out=out)
    assert modal_errors(view) == []
    _dead(view["blocks"])


@given(LINES, CONTACTS)
def test_every_send_modal_is_within_slacks_limits(lines: list[Line], contacts: list[Contact]) -> None:
    assert modal_errors(reply_modals.send(lines, contacts, CHANNEL, URL)) == []


@given(make.written(3000))
def test_a_reply_is_sent_as_it_was_typed_or_refused_on_its_field(text: str) -> None:
    view = {**reply_modals.reply(make.line(), make.contact(), CHANNEL, URL), "id": "V1"}
    found = forms.read(submitted(view, text={"value": text}))
    length = len(text.strip().encode("utf-16-le")) // 2
    if 0 < length <= 1600:
        assert isinstance(found, WriteText)
        assert (found.line, found.contact, found.channel, found.response_url) == (LINE, CONTACT, CHANNEL, URL)
        assert "<" not in found.text
    else:
        assert isinstance(found, dict)
        assert list(found) == ["text"]


def test_two_submissions_of_one_modal_are_one_text_and_two_modals_are_two() -> None:
    view = reply_modals.reply(make.line(), make.contact(), CHANNEL, URL)
    ids = []
    for id in ("V1", "V1", "V2"):
        found = forms.read(submitted(view, text={"value": "hi"}).model_copy(update={"view": id}))
        assert isinstance(found, WriteText)
        ids.append(found.sms)
    assert ids[0] == ids[1] != ids[2]


def test_a_reply_to_a_contact_that_opted_out_is_refused_on_the_field() -> None:
    view = reply_modals.reply(make.line(), make.contact(), CHANNEL, URL, opted_out=True)
    assert "opted out" in str(view["blocks"])
    found = forms.read(submitted(view, text={"value": "hi"}))
    assert isinstance(found, dict)
    assert "opted out" in found["text"]


def test_the_line_of_the_channel_is_picked_already() -> None:
    lines = [make.line(), make.line(id="+15550009999", channel="C0SALES", name="Sales")]
    view = reply_modals.send(lines, [], "C0SALES", URL)
    assert untouched(view)["line"]["selected_option"]["value"] == "+15550009999"
    assert "line" in untouched(view)
    assert untouched(reply_modals.send(lines, [], "C0OTHER", URL))["line"] == {}


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"number": {"value": "(555) 123-4567"}}, []),
        ({"contact": {"selected_option": {"value": CONTACT}}}, []),
        ({}, ["number"]),
        ({"number": {"value": "555-1234"}}, ["number"]),
        ({"number": {"value": "banana"}}, ["number"]),
        ({"number": {"value": "+15551234567"}, "contact": {"selected_option": {"value": CONTACT}}}, ["number"]),
        ({"number": {"value": "+15551234567"}, "text": {"value": " "}}, ["text"]),
        ({"number": {"value": "+15551234567"}, "line": {"selected_option": None}}, ["line"]),
    ],
)
def test_an_invalid_value_in_the_send_modal_gets_an_error_at_its_field(
    fields: dict[str, Any], wrong: list[str]
) -> None:
    view = {**reply_modals.send([make.line()], [make.contact()], CHANNEL, URL), "id": "V1"}
    found = forms.read(submitted(view, **{"text": {"value": "hi"}, **fields}))
    assert wrong == (list(found) if isinstance(found, dict) else [])
    if isinstance(found, WriteText):
        assert found.contact in {CONTACT, "+15551234567"}
        assert found.line == LINE


def test_the_form_offers_the_channels_own_line_first_and_every_line() -> None:
    """Slack takes a hundred options in a menu, or a hundred groups of them."""
    lines_of_a_team = [make.line(id=f"+1555000{place:04d}", channel=f"C{place:04d}") for place in range(133)]
    view = reply_modals.send(lines_of_a_team, [], "C0131", None)
    assert modal_errors(view) == []
    (menu,) = [block["element"] for block in view["blocks"] if block.get("block_id") == "line"]
    offered = [option["value"] for group in menu["option_groups"] for option in group["options"]]
    assert offered[0] == menu["initial_option"]["value"] == "+15550000131"
    assert sorted(offered) == [line.id for line in lines_of_a_team]
