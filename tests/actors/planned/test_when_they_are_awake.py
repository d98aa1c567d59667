"""A text of the Send form for a contact who is to be awake: it leaves in their morning, or at once if it is day."""

from datetime import datetime, timedelta
from typing import Any

from messages.orders.forms import read
from messages.orders.send_times import UNKNOWN
from messages.orders.text_forms import TextMetadata
from messages.planned import PlannedState, PlanText, When
from messages.sms import SlackFile
from sandbox.slack.modals import refuse_invalid
from tests import make
from tests.actors.helpers import settle
from tests.decisions.helpers import submitted
from tests.fakes import FakeWorkers
from tests.make import AGENT, CHANNEL, LINE, NOW
from workers.interactive import reply_modals

TOKYO, BERLIN = "+81312345678", "+4930123456"
FILE = SlackFile(id="F1", name="a.png", mimetype="image/png", url_private="https://files.slack.com/F1", size=9)


def _order(contact: str, at: datetime = NOW, **fields: Any) -> PlanText:
    """The form's order; it is Monday, 9:30 in London, so 10:30 in Berlin and 18:30 in Tokyo."""
    said = {"line": LINE, "contact": contact, "text": "See you", "by": AGENT, "channel": CHANNEL, **fields}
    return PlanText.model_validate({"planned": "view-1", "when": When(awake=True), "at": at, **said})


async def test_by_day_it_leaves_at_once_with_its_files_and_the_answer_says_why(workers: FakeWorkers) -> None:
    for _ in range(2):
        await workers.handle(_order(BERLIN, files=(FILE,)))
    await workers.drain()
    await settle(workers)
    assert workers.texting.bodies(BERLIN) == ["See you"]
    assert "It is day where they are, so it leaves at once." in workers.slack.whispers[-1][1]
    assert await workers.ports.stores.planned.get("view-1") is None


async def test_at_night_it_waits_for_their_morning_and_the_answer_says_which(workers: FakeWorkers) -> None:
    workers.clock.forward(4 * 3600)
    order = _order(TOKYO, workers.clock.now())
    for _ in range(2):
        await workers.handle(order)
    await workers.drain()
    planned = await workers.ports.stores.planned.get("view-1")
    assert planned is not None
    assert planned.due_at == datetime(2026, 3, 2, 23, tzinfo=NOW.tzinfo)
    assert "Planned for Tue 3 Mar 8:00 where +81312345678 is (Tokyo)" in workers.slack.whispers[-1][1]
    workers.clock.forward((planned.due_at - workers.clock.now()).total_seconds() + 60)
    await workers.handle(order)
    await workers.pass_time(120, 15)
    done = await workers.ports.stores.planned.get("view-1")
    assert done is not None
    assert (done.state, workers.texting.bodies(TOKYO)) == (PlannedState.RELEASED, ["See you"])


async def test_what_left_by_day_is_not_planned_by_a_repeat_at_night(workers: FakeWorkers) -> None:
    await workers.handle(_order(TOKYO))
    await workers.drain()
    workers.clock.forward(4 * 3600)
    await workers.handle(_order(TOKYO, NOW + timedelta(hours=4)))
    assert await workers.ports.stores.planned.get("view-1") is None


def test_the_send_form_offers_it_although_it_knows_no_contact_yet() -> None:
    view = reply_modals.send([make.line()], [], CHANNEL, None)
    refuse_invalid(view)
    assert TextMetadata.model_validate_json(view["private_metadata"]).awake == UNKNOWN
    number, awake = {"value": BERLIN}, {"selected_option": {"value": "awake"}}
    order = read(submitted(view, number=number, text={"value": "See you"}, send=awake))
    assert isinstance(order, PlanText)
    assert order.when == When(awake=True)
    wrong = read(submitted(view, number=number, text={"value": "Hi {name}"}, send=awake))
    assert isinstance(wrong, dict)
    assert "only if a text is sent later" in wrong["text"]
