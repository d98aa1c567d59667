"""The forms offer times to send, and are what Slack accepts; what they show, messages/orders reads back."""

from datetime import date, datetime
from typing import Any

from messages.formats.places import MeantIn, ZoneOf
from messages.orders.text_forms import PlannedMetadata, ReplyMetadata
from messages.planned import IfReply
from tests import make
from tests.make import CHANNEL
from workers.interactive import reply_modals, send_time_fields
from workers.interactive.send_time_fields import Offered

NEW_YORK = MeantIn("America/New_York", ZoneOf.CONTACT)


def _labels(view: dict[str, Any]) -> list[str]:
    (send,) = [block for block in view["blocks"] if block.get("block_id") == "send"]
    return [option["text"]["text"] for option in send["element"]["options"]]


def _time(view: dict[str, Any]) -> dict[str, Any]:
    (time,) = [block for block in view["blocks"] if block.get("block_id") == "time"]
    return dict(time["element"])


def test_the_reply_form_says_whose_morning_it_is_and_when_the_line_opens() -> None:
    opening = datetime(2026, 3, 3, 8, 30)  # noqa: DTZ001 - a wall time
    awake = datetime(2026, 3, 2, 8)  # noqa: DTZ001 - a wall time
    offered = Offered(NEW_YORK, opening, awake, date(2026, 3, 2))
    view = reply_modals.reply(make.line(), make.contact(), CHANNEL, None, offered=offered)
    assert _labels(view) == [
        "Now",
        "Tomorrow morning (9:00 where they are (New York))",
        "When we open (tomorrow at 8:30)",
        "When they are awake (today at 8:00)",
        "At the date and time below",
    ]
    assert _time(view)["timezone"] == "America/New_York"
    shown = ReplyMetadata.model_validate_json(view["private_metadata"])
    assert (shown.zone, shown.opening, shown.awake) == ("America/New_York", "2026-03-03 08:30", "2026-03-02 08:00")


def test_each_form_asks_what_to_do_if_the_contact_writes_first() -> None:
    reply = reply_modals.reply(make.line(), make.contact(), CHANNEL, None, offered=Offered(NEW_YORK))
    for view in (reply, reply_modals.send([make.line()], [], CHANNEL, None)):
        (field,) = [block for block in view["blocks"] if block.get("block_id") == "if_reply"]
        assert {each["value"] for each in field["element"]["options"]} == set(IfReply)
        assert field["element"]["initial_option"]["value"] == IfReply.HOLD


def test_an_open_line_offers_no_opening_and_an_opt_out_no_time() -> None:
    view = reply_modals.reply(make.line(), make.contact(), CHANNEL, None, offered=Offered(NEW_YORK))
    assert len(_labels(view)) == 3
    out = reply_modals.reply(make.line(), make.contact(), CHANNEL, None, offered=Offered(NEW_YORK), opted_out=True)
    assert "send" not in [block.get("block_id") for block in out["blocks"]]


def test_the_send_form_leaves_the_zone_open() -> None:
    view = reply_modals.send([make.line()], [], CHANNEL, None)
    assert "timezone" not in _time(view)
    assert "where they are" in _labels(view)[1]


def test_an_edit_shows_the_text_as_it_is_and_carries_its_version() -> None:
    planned = make.planned(zone="America/New_York", version=4)
    view = send_time_fields.edit(planned, make.contact(name="Ann"), CHANNEL, None)
    assert _time(view)["initial_time"] == "05:30"
    shown = PlannedMetadata.model_validate_json(view["private_metadata"])
    assert (shown.planned, shown.version, shown.wall) == ("P1", 4, "2026-03-02 05:30")
