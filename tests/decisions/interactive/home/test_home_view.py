"""The app's Home: within Slack's limits however much there is, dead, and with the way to the rest."""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from messages.base import QueueMessage
from messages.calendar import Calendar, Closure
from messages.notification import HOME
from messages.orders.clicks import Click, orders
from messages.planned import MOST_OF_AUTHOR
from messages.team.agent import Agent, ComeBack
from messages.views import OpenAgain, OpenCloseForm, ShowHome
from sandbox.slack.blockkit.block_checks import home_errors
from tests import make
from tests.decisions.helpers import ALIVE, text_objects
from tests.make import AGENT, CHANNEL, NOW
from workers.interactive.home import view
from workers.interactive.home.view import HomeFacts, HomePages, ToldThere
from workers.interactive.lists import Row
from workers.markup import last_text

ME = Agent(id=AGENT)
LINK = "https://team.slack.com/archives/C0TEXTS/p1?thread_ts=1&cid=C0TEXTS"
NAMES = st.just("") | make.visible(80)
ROWS = st.builds(Row, make.tickets(), NAMES, st.none() | st.just(LINK), st.none() | make.texts().map(last_text))
SILENT = ToldThere()
SAIDS = st.builds(ToldThere, make.written(5000), st.just(False))
FULL = HomeFacts(
    ME,
    tickets=[Row(make.ticket(id=10**9, subject="&" * 150), "&" * 80, LINK, last_text(make.sms(body="&" * 1600)))]
    * view.TICKETS,
    tickets_count=1000,
    at_least=True,
    planned=[make.planned(id=f"P{n}", body="&" * 1600) for n in range(view.PLANNED)],
    planned_count=MOST_OF_AUTHOR,
    lines=[make.line(id=f"+1555000{n:04d}", name="&" * 80, calendar="shop") for n in range(view.LINES)],
    lines_count=400,
    calendars=[make.calendar()],
    unsure=True,
    is_admin=True,
    pages=HomePages(3, 3),
)


def shown(facts: HomeFacts, said: ToldThere = SILENT) -> Mapping[str, Any]:
    """The Home as it goes to Slack; what Slack refuses fails."""
    found: Mapping[str, Any] = json.loads(json.dumps(view.home(facts, said, NOW)))
    assert home_errors(found) == []
    return found


def words(facts: HomeFacts) -> str:
    """All that the Home says."""
    return "\n".join(each["text"] for each in text_objects(shown(facts)["blocks"]))


def buttons(found: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The buttons of a view."""
    elements = [each for block in found["blocks"] for each in block.get("elements", ())]
    accessories = [block["accessory"] for block in found["blocks"] if "accessory" in block]
    return [each for each in (*elements, *accessories) if each["type"] == "button"]


def ordered(button: Mapping[str, Any]) -> Sequence[QueueMessage]:
    """What a person orders who uses a button in their Home."""
    clicked = {"action_id": button["action_id"], "value": button["value"], "user": AGENT, "channel": HOME}
    return orders(Click(**clicked, ts="", trigger_id="1.2", at=NOW))


def labels(found: Mapping[str, Any]) -> list[str]:
    """What the buttons of a view say."""
    return [each["text"]["text"] for each in buttons(found)]


def dead(blocks: Sequence[Mapping[str, Any]]) -> None:
    """Nothing that a person wrote is a mention, a link or a date."""
    for text in text_objects(blocks):
        if text["type"] == "mrkdwn":
            assert not ALIVE.search(text["text"].replace(f"<{LINK.replace('&', '&amp;')}|#", "")), text


def test_the_fullest_home_is_within_slacks_limits() -> None:
    for said in (ToldThere("&" * 5000), ToldThere("&amp;" * 1000, markup=True)):
        assert len(shown(FULL, said)["blocks"]) <= 100


@settings(max_examples=20)
@given(st.lists(ROWS, max_size=2), st.lists(make.calendars(), max_size=1), SAIDS)
def test_every_home_is_within_slacks_limits_and_dead(
    rows: list[Row], calendars: list[Calendar], said: ToldThere
) -> None:
    named = [each.model_copy(update={"id": f"c{n}"}) for n, each in enumerate(calendars)]
    lines = [make.line(id=f"+1555000111{n}", name="<!here>", calendar=each.id) for n, each in enumerate(named)]
    agent = Agent(id=AGENT, away_until=NOW + timedelta(hours=1), since=NOW, away_note="<@U0BEN> *ill*")
    facts = HomeFacts(
        agent, tickets=rows, tickets_count=len(rows), lines=lines, lines_count=len(lines), calendars=named
    )
    dead(shown(facts, said)["blocks"])


def test_every_button_is_an_order_of_a_person_in_their_home() -> None:
    agent = Agent(id=AGENT, away_until=NOW + timedelta(hours=1), since=NOW)
    for each in buttons(shown(HomeFacts(**{**FULL.__dict__, "agent": agent}))):
        assert ordered(each), each


@pytest.mark.parametrize(
    ("agent", "hours", "said", "has_button"),
    [
        (ME, None, "You are there: you get notifications.", False),
        (ME, make.calendar(), "You are there: you get notifications.", False),
        (ME, make.calendar(week={}), "It is outside your hours: you get no notifications.", False),
        (
            Agent(id=AGENT, away_until=NOW + timedelta(hours=2), since=NOW, away_note="lunch"),
            None,
            "You are away until <!date^",
            True,
        ),
        (Agent(id=AGENT, away_until=NOW - timedelta(hours=2), since=NOW), None, "You are there", False),
    ],
)
def test_it_says_whether_the_person_is_away_and_who_said_so_can_end_it(
    agent: Agent, hours: Calendar | None, said: str, has_button: bool
) -> None:
    facts = HomeFacts(agent, hours=hours.model_copy(update={"zone": "UTC"}) if hours else None)
    assert said in words(facts)
    back = [each for each in buttons(shown(facts)) if each["action_id"] == "clerk.back"]
    assert bool(back) is has_button
    for each in back:
        click = Click(
            action_id="clerk.back", value=each["value"], user=AGENT, channel=HOME, ts="", trigger_id="", at=NOW
        )
        (order,) = orders(click)
        assert isinstance(order, ComeBack)
        assert (order.since, order.channel) == (agent.since, HOME)


@pytest.mark.parametrize(
    ("page", "count", "said", "turns"),
    [
        (0, 15, "", []),
        (0, 16, "These are 1 to 15.", ["… and 1 more"]),
        (1, 40, "These are 16 to 30.", ["Previous", "… and 10 more"]),
        (2, 40, "These are 31 to 40.", ["Previous"]),
    ],
)
def test_the_rest_of_the_tickets_is_a_click_away(page: int, count: int, said: str, turns: list[str]) -> None:
    rows = [Row(make.ticket(id=n), "", None) for n in range(1, 16)]
    facts = HomeFacts(ME, HomePages(page, 4), tickets=rows, tickets_count=count)
    found = [each for each in buttons(shown(facts)) if each["text"]["text"] not in {"Look again", "Away…"}]
    assert [each["text"]["text"] for each in found] == turns
    assert said in words(facts)
    for each in found:
        (order,) = ordered(each)
        assert order == ShowHome(user=AGENT, tickets=page + (1 if "more" in each["text"]["text"] else -1), lines=4)


def test_an_empty_home_says_that_nothing_waits_and_how_to_see_a_line() -> None:
    found = words(HomeFacts(ME))
    assert view.NOTHING in found
    assert view.NO_LINES in found
    assert "Planned" not in found


def test_what_is_planned_can_be_changed_sent_and_cancelled() -> None:
    facts = HomeFacts(ME, planned=[make.planned(), make.planned(id="P2")], planned_count=2)
    assert labels(shown(facts))[1:-1] == ["Edit", "Send now", "Cancel"] * 2
    assert "See you tomorrow." in words(facts)


def test_lines_say_whether_they_are_open_now() -> None:
    lines = [make.line(name="Shop", calendar="shop"), make.line(id="+15550002222", calendar="gone")]
    found = words(HomeFacts(ME, lines=lines, lines_count=2, calendars=[make.calendar()]))
    assert f"*Shop* in <#{CHANNEL}>\nClosed until 9:00 (New York; <!date^" in found
    assert f"*+15550002222* in <#{CHANNEL}>\nAlways open: there is no calendar." in found


def test_what_a_person_is_told_is_on_top_and_while_documents_are_away_alone_with_a_way_to_look_again() -> None:
    told = ToldThere("Nothing was changed: <that>.")
    assert next(text_objects(shown(HomeFacts(ME), told)["blocks"]))["text"] == "Nothing was changed: &lt;that&gt;."
    found = json.loads(json.dumps(view.without_documents(told, "MongoDB does not answer.")))
    assert home_errors(found) == []
    assert [each["text"] for each in text_objects(found["blocks"])][:2] == [
        "Nothing was changed: &lt;that&gt;.",
        "MongoDB does not answer.",
    ]
    assert labels(found) == ["Look again"]


def test_a_line_with_hours_can_be_closed_and_one_that_somebody_closed_be_opened() -> None:
    by_hours, closed = make.line(calendar="shop"), make.line(id="+15550002222", calendar="shut")
    always = make.line(id="+15550003333")
    closure = Closure(since=make.at(-60), until=make.at(3600), by="U0BEN", why="<!here> training")
    shut = make.calendar(id="shut", closures=(closure,))
    facts = HomeFacts(ME, lines=[by_hours, closed, always], lines_count=3, calendars=[make.calendar(), shut])
    found = [each for each in buttons(shown(facts)) if each["action_id"] in {"home.close", "home.open"}]
    assert [(each["action_id"], json.loads(each["value"])["line"]) for each in found] == [
        ("home.close", by_hours.id),
        ("home.open", closed.id),
    ]
    dead(shown(facts)["blocks"])
    (form,) = ordered(found[0])
    assert isinstance(form, OpenCloseForm)
    (again,) = ordered(found[1])
    assert isinstance(again, OpenAgain)
    assert (form.line, again.line, form.channel, again.channel) == (by_hours.id, closed.id, HOME, HOME)
