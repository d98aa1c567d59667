"""What is typed after `/clerk later` and can't be read opens a form that is filled in with it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import pytest

from messages.formats.later import USAGE
from messages.orders.commands import SlashCommand
from messages.orders.commands import read as read_typed
from messages.orders.forms import read
from messages.planned import PlanText, When
from messages.sms import WriteText
from messages.views import OpenLater
from tests import make
from tests.actors.helpers import receive
from tests.decisions.helpers import submitted, untouched
from tests.fakes import FakeWorkers
from tests.make import AGENT, CHANNEL, CONTACT, LINE
from workers.failures import Permanent

URL: Final = "https://hooks.slack.com/commands/1"


def typed(workers: FakeWorkers, text: str, trigger_id: str = "1.2") -> Any:
    """What a command orders that was typed just now."""
    asked: dict[str, Any] = {"user": AGENT, "channel": CHANNEL, "response_url": URL, "at": workers.clock.now()}
    return read_typed(SlashCommand(text=text, trigger_id=trigger_id, **asked))


async def form(workers: FakeWorkers, text: str) -> Mapping[str, Any]:
    """The form that opens for what was typed."""
    order = typed(workers, text)
    assert isinstance(order, OpenLater)
    for _ in range(2):
        await workers.handle(order)
    await workers.drain()
    assert workers.slack.whispers == []
    return workers.slack.views[0]


def shown(view: Mapping[str, Any]) -> dict[str, Any]:
    """What the inputs of a form have, by block_id."""
    fields = {name: next(iter(state.values()), None) for name, state in untouched(view).items()}
    return {name: value["value"] if isinstance(value, Mapping) else value for name, value in fields.items()}


async def test_a_time_that_can_not_be_read_opens_a_form_with_all_that_was_typed(workers: FakeWorkers) -> None:
    view = await form(workers, f"later {CONTACT} next tuesday: See you at 10:30 &amp; bring &lt;it&gt;")
    fields = shown(view)
    assert (fields["number"], fields["text"]) == (CONTACT, "See you at 10:30 & bring <it>")
    assert (fields["line"], fields["send"], fields["date"], fields["time"]) == (LINE, "at", None, None)
    assert "“next tuesday” is no time that Clerk reads" in str(view["blocks"][0])
    assert read(submitted(view)) == {
        "date": "Please pick a date, or another time to send.",
        "time": "Please pick a time, or another time to send.",
    }


async def test_with_a_day_and_a_time_picked_the_form_plans_the_text(workers: FakeWorkers) -> None:
    view = await form(workers, f"later {CONTACT} next tuesday: See you")
    picked = {"date": {"selected_date": "2026-03-10"}, "time": {"selected_time": "09:00"}}
    order = read(submitted(view, **picked))
    assert isinstance(order, PlanText)
    assert (order.contact, order.text, order.when) == (CONTACT, "See you", When(day="2026-03-10", clock="09:00"))
    await workers.handle(order)
    await workers.drain()
    (planned,) = await workers.ports.stores.planned.of_author(AGENT)
    assert (planned.body, planned.wall) == ("See you", "2026-03-10 09:00")


async def test_its_author_may_send_it_at_once_too(workers: FakeWorkers) -> None:
    view = await form(workers, f"later {CONTACT} next tuesday: See you")
    assert isinstance(read(submitted(view, send={"selected_option": {"value": "now"}})), WriteText)


async def test_a_known_contact_is_picked_by_name(workers: FakeWorkers) -> None:
    await receive(workers, 1)
    view = await form(workers, f"later {CONTACT} next tuesday: See you")
    fields = shown(view)
    assert (fields["contact"], fields["number"]) == (CONTACT, None)


@pytest.mark.parametrize(
    ("text", "number", "date", "time", "body"),
    [
        ("tomorrow 9:00:", CONTACT, "2026-03-03", "09:00", None),
        ("in 2h:", CONTACT, "2026-03-02", "11:30", None),
        ("9:00 See you", CONTACT, None, None, "9:00 See you"),
        ("2026-02-30 9:00: See you", CONTACT, None, None, "See you"),
    ],
)
async def test_what_can_be_read_is_filled_in_and_the_rest_is_left_to_its_author(
    workers: FakeWorkers, text: str, number: str, date: str | None, time: str | None, body: str | None
) -> None:
    fields = shown(await form(workers, f"later {CONTACT} {text}"))
    assert (fields["number"], fields["date"], fields["time"], fields["text"]) == (number, date, time, body)


async def test_the_words_alone_open_an_empty_form(workers: FakeWorkers) -> None:
    fields = shown(await form(workers, "later"))
    assert (fields["number"], fields["text"], fields["date"], fields["send"]) == (None, None, None, "at")


async def test_nothing_that_was_typed_comes_alive_in_the_form(workers: FakeWorkers) -> None:
    view = await form(workers, f"later {CONTACT} &lt;!channel&gt; or &lt;@U1&gt;: See you")
    assert "<" not in str(view["blocks"][0])
    assert "&lt;!channel&gt;" in str(view["blocks"][0])


async def test_a_line_whose_channel_its_author_does_not_see_is_not_offered(workers: FakeWorkers) -> None:
    await workers.ports.stores.lines.save(make.line(id="+15550003333", channel="C0SECRET", name="Secret"))
    workers.slack.private["C0SECRET"] = {"U0OTHER"}
    view = await form(workers, f"later {CONTACT} next tuesday: See you")
    assert "Secret" not in str(view)


def test_a_command_without_a_trigger_is_answered_in_words(workers: FakeWorkers) -> None:
    assert typed(workers, f"later {CONTACT} next tuesday: See you", trigger_id="") == USAGE
    assert typed(workers, "later", trigger_id="") == USAGE


async def test_when_the_trigger_is_over_its_author_is_told_how_to_type_it(workers: FakeWorkers) -> None:
    order = typed(workers, f"later {CONTACT} next tuesday: See you")
    late = order.model_copy(update={"received_at": workers.clock.now() - timedelta(seconds=3)})
    await workers.handle(late)

    def before(method: str, channel: str) -> None:
        if method == "open_view":
            raise Permanent("expired_trigger_id")

    workers.slack.before = before
    await workers.handle(order)
    assert workers.slack.whispers == [(URL, USAGE), (URL, USAGE)]
    assert workers.slack.views == []
