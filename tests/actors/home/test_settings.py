"""An admin changes a line's settings in a form: once, for who may, and nobody's change is lost."""

from datetime import timedelta

import pytest

from messages.line import Line
from messages.line_settings.fields import digest, shown
from messages.notification import HOME
from messages.views import ChangeLine, OpenSettings
from tests import make
from tests.decisions.helpers import text_objects
from tests.fakes import FakeWorkers
from workers.failures import Temporary
from workers.interactive import hours_answers
from workers.interactive.opening.settings_actors import NO_ADMIN, NOT_TOLD

SECRET = "C0SECRET"


@pytest.fixture
async def admin(workers: FakeWorkers) -> FakeWorkers:
    """Workers with a line, and an admin."""
    workers.slack.admins.add(make.AGENT)
    return workers


def form(workers: FakeWorkers) -> OpenSettings:
    """The click on Settings."""
    now = workers.clock.now()
    return OpenSettings(line=make.LINE, user=make.AGENT, trigger_id="1.2", channel=HOME, received_at=now)


def change(workers: FakeWorkers, line: Line | None = None, **changes: str) -> ChangeLine:
    """The order of the form that showed a line."""
    showed = {id: digest(value) for id, value in shown(line or make.line()).items()}
    return ChangeLine(
        line=make.LINE, changes=changes, showed=showed, by=make.AGENT, at=workers.clock.now(), channel=HOME, order="v/1"
    )


async def told(workers: FakeWorkers, message: ChangeLine) -> str:
    """What the Home says on top after an order, which comes twice."""
    for _ in range(2):
        await workers.handle(message)
        await workers.drain()
    return str(next(text_objects(workers.slack.home_views[make.AGENT]["blocks"]))["text"])


async def stored(workers: FakeWorkers) -> Line:
    """The line as it is now."""
    found = await workers.ports.stores.lines.versioned(make.LINE)
    assert found is not None
    return found[0]


async def test_an_admin_saves_what_they_changed(admin: FakeWorkers) -> None:
    await admin.handle(form(admin))
    assert [view["callback_id"] for view in admin.slack.views] == ["home.settings"]
    assert (await told(admin, change(admin, name="Shop", hold="5"))).startswith("Saved for *")
    line = await stored(admin)
    assert (line.name, line.hold) == ("Shop", timedelta(seconds=5))
    assert line.window == make.line().window
    found = await admin.ports.stores.lines.versioned(make.LINE)
    assert found is not None
    assert found[1] == 1, "saved once"


async def test_who_is_no_admin_or_can_not_see_the_channel_changes_nothing(admin: FakeWorkers) -> None:
    admin.slack.admins.clear()
    assert await told(admin, change(admin, name="Shop")) == NO_ADMIN
    await admin.handle(form(admin))
    admin.slack.admins.add(make.AGENT)
    await admin.ports.stores.lines.save(make.line(channel=SECRET))
    admin.slack.private[SECRET] = {"U0BEN"}
    assert await told(admin, change(admin, name="Shop")) == hours_answers.NOT_SEEN
    await admin.handle(form(admin))
    assert admin.slack.views == []
    assert (await stored(admin)).name == ""


async def test_while_slack_does_not_say_who_is_an_admin_nothing_is_changed(admin: FakeWorkers) -> None:
    def before(method: str, channel: str) -> None:
        if method == "admin":
            raise Temporary("service_unavailable")

    admin.slack.before = before
    assert await told(admin, change(admin, name="Shop")) == NOT_TOLD
    assert (await stored(admin)).name == ""


async def test_settings_are_offered_to_admins_alone(admin: FakeWorkers) -> None:
    await told(admin, change(admin, name="Shop"))
    assert "home.settings" in str(admin.slack.home_views[make.AGENT])
    admin.slack.admins.clear()
    await told(admin, change(admin, name="Other"))
    assert "home.settings" not in str(admin.slack.home_views[make.AGENT])


async def test_what_somebody_saves_between_reading_and_saving_is_not_lost(admin: FakeWorkers) -> None:
    lines = admin.ports.stores.lines
    read = await lines.versioned(make.LINE)
    assert read is not None
    await lines.save(make.line(hold=7))
    assert not await lines.change(read[0].model_copy(update={"name": "Shop"}), read[1])
    assert (await told(admin, change(admin, name="Shop"))).startswith("Saved for *")
    line = await stored(admin)
    assert (line.name, line.hold) == ("Shop", timedelta(seconds=7))


async def test_a_line_that_is_gone_is_said_to_be(admin: FakeWorkers) -> None:
    await admin.ports.stores.lines.remove(make.LINE)
    assert await told(admin, change(admin, name="Shop")) == hours_answers.NO_SUCH_LINE
