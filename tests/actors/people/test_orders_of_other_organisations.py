"""Whoever does not speak for the team gives no order, whichever it is, and is told so."""

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest

from messages.base import Order
from messages.inbound import SlackReplyChanged, SlackReplyPosted
from messages.notification import AgentActed, Whisper
from messages.orders.clicks import ORDERS, Click, orders
from messages.orders.commands import COMMANDS, SlashCommand, read
from messages.orders.foreign_clicks import ForeignClick
from messages.planned import PlanText
from messages.sms import WriteText
from messages.views import ChangeLine, OpenAwayForm, OpenCloseForm, OpenSettings, OpenSnooze
from tests import make
from tests.actors.helpers import receive
from tests.decisions.helpers import CARRIED
from tests.fakes import FakeWorkers
from workers.failures import Permanent, Temporary
from workers.last_words import LAST_WORDS
from workers.people.organisations import NOT_YOURS

GUEST: Final = "U0GUEST"
URL: Final = "https://hooks.slack.com/actions/T1/2/3"
TYPED: Final = {
    "": "",
    "send": "+15551234567 Hello",
    "later": "+15551234567 tomorrow 9:00: Hello",
    "planned": "",
    "name": "+15551234567 Ann",
    "zone": "+15551234567 Europe/Berlin",
    "block": "+15551234567 spam",
    "unblock": "+15551234567",
    "away": "2h",
    "back": "",
    "find": "#1",
    "sla": "#1",
    "snooze": "#1 tomorrow",
    "unsnooze": "#1",
    "hours": "",
    "close": "2h",
    "open": "",
}
"""What follows each word of `/clerk`; `help` orders nothing."""


def typed(word: str, user: str = GUEST, rest: str | None = None) -> Order:
    """What a person orders with a word after `/clerk`."""
    where: dict[str, Any] = {"user": user, "channel": make.CHANNEL, "trigger_id": "1.2", "response_url": URL}
    found = read(SlashCommand(text=f"{word} {TYPED[word] if rest is None else rest}", at=make.NOW, **where))
    assert isinstance(found, Order)
    return found


def every_order() -> Iterator[Order]:
    """What a person of another organisation orders with each word after `/clerk` and each button of a message."""
    yield from (typed(word) for word in sorted(COMMANDS.keys() - {"help"}))
    yield typed("later", rest="+15551234567 some day: Hello")
    where: dict[str, Any] = {"user": GUEST, "channel": make.CHANNEL, "ts": "1.0", "trigger_id": "1.2"}
    for action_id in sorted(each for each in ORDERS if not each.startswith("home.")):
        value = json.dumps(CARRIED.get(action_id, {"ticket": 1}))
        for each in orders(Click(action_id=action_id, value=value, at=make.NOW, response_url=URL, **where)):
            assert isinstance(each, Order)
            yield each


def of_partner(order: Order) -> Order:
    """The order as the gateway passes it on if its author's workspace is another organisation's."""
    return order.model_copy(update={"team": "T0PARTNER"})


async def test_none_of_all_orders_is_carried_out_and_whoever_gave_it_is_told(workers: FakeWorkers) -> None:
    await receive(workers, 1)
    before = await workers.ports.stores.tickets.get(1), await workers.ports.stores.lines.get(make.LINE)
    asked = set()
    for order in every_order():
        asked.add(type(order))
        workers.queue.waiting.clear()
        await workers.handle(of_partner(order))
        told = [each for _, each in workers.queue.waiting]
        if isinstance(order, AgentActed):
            assert told == []
            continue
        (words,) = told
        assert isinstance(words, Whisper)
        assert (words.text, words.user, words.response_url) == (NOT_YOURS, GUEST, URL), order
    assert before == (await workers.ports.stores.tickets.get(1), await workers.ports.stores.lines.get(make.LINE))
    in_forms = {PlanText, WriteText, OpenSnooze, OpenAwayForm, OpenCloseForm, OpenSettings, ChangeLine}
    elsewhere = {SlackReplyPosted, SlackReplyChanged, ForeignClick}
    assert {each for each in LAST_WORDS if each not in asked} == {*elsewhere, *in_forms}


def test_whatever_a_person_orders_says_from_which_workspace() -> None:
    judged = {SlackReplyPosted, SlackReplyChanged, ForeignClick}
    assert {each for each in LAST_WORDS if not issubclass(each, Order)} == judged


async def outcome(workers: FakeWorkers, order: Order) -> bool:
    """Whether an order is carried out."""
    workers.queue.waiting.clear()
    await workers.handle(order)
    return all(getattr(each, "text", "") != NOT_YOURS for _, each in workers.queue.waiting)


@pytest.mark.parametrize("team", ["", "T0TEAM"], ids=["an earlier gateway says no team", "the team's own"])
async def test_an_order_of_the_team_is_carried_out(workers: FakeWorkers, team: str) -> None:
    assert await outcome(workers, typed("hours", make.AGENT).model_copy(update={"team": team}))


async def test_where_a_line_hears_other_organisations_they_give_orders_in_its_channel_and_in_its_forms(
    workers: FakeWorkers,
) -> None:
    order = of_partner(typed("hours"))
    assert not await outcome(workers, order)
    await workers.ports.stores.lines.save(make.line(other_organisations=True))
    assert await outcome(workers, order)
    assert not await outcome(workers, order.model_copy(update={"channel": "C0OTHER"}))


@pytest.mark.parametrize(
    ("home", "user", "carried_out"),
    [
        ({"T0TEAM", "E0ORG"}, {"T0SISTER", "E0ORG"}, True),
        ({"T0TEAM", "E0ORG"}, {"T0SISTER", "E0OTHER"}, False),
        ({"T0TEAM"}, {"T0SISTER", "E0ORG"}, False),
    ],
    ids=["same organisation", "another organisation", "no organisation"],
)
async def test_workspaces_of_one_organisation_give_orders_alike(
    workers: FakeWorkers, home: set[str], user: set[str], carried_out: bool
) -> None:
    workers.slack.own_home = frozenset(home)
    workers.slack.homes[GUEST] = frozenset(user)
    assert await outcome(workers, typed("hours").model_copy(update={"team": "T0SISTER"})) is carried_out


async def test_an_order_waits_until_slack_says_whose_it_is_and_without_an_answer_it_is_refused(
    workers: FakeWorkers,
) -> None:
    workers.slack.own_home = frozenset({"T0TEAM", "E0ORG"})
    for error in (Temporary("internal_error"), Permanent("user_not_found")):

        def before(method: str, channel: str, error: Exception = error) -> None:
            if method == "home_of":
                raise error

        workers.slack.before = before
        order = typed("hours").model_copy(update={"team": "T0SISTER"})
        if isinstance(error, Temporary):
            with pytest.raises(Temporary):
                await workers.handle(order)
        else:
            assert not await outcome(workers, order)
