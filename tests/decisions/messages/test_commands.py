"""Every word after /clerk gives its order, and anything else is answered with help."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.base import QueueMessage
from messages.conversation import NameContact, PlaceContact
from messages.orders import commands
from messages.orders.commands import COMMANDS, HELP, SlashCommand
from messages.sms import WriteTyped
from messages.views import FindTickets, OpenDashboard
from tests import make
from tests.make import AGENT, CHANNEL, NOW

URL = "https://hooks.slack.com/commands/1/2/3"


def typed(text: str) -> SlashCommand:
    return SlashCommand(text=text, user=AGENT, channel=CHANNEL, trigger_id="1.2.ab", response_url=URL, at=NOW)


@pytest.mark.parametrize("text", ["", "  "])
def test_the_command_alone_opens_the_dashboard(text: str) -> None:
    found = commands.read(typed(text))
    assert found == OpenDashboard(user=AGENT, trigger_id="1.2.ab", response_url=URL, received_at=NOW, channel=CHANNEL)


@pytest.mark.parametrize("text", ["send +15551234567 hello  there", " SEND  +15551234567 hello  there "])
def test_send_carries_what_was_typed_and_an_id_of_its_own(text: str) -> None:
    found = commands.read(typed(text))
    assert found == WriteTyped(
        sms="typed-1.2.ab-U0ADA",
        typed="+15551234567 hello  there",
        by=AGENT,
        at=NOW,
        channel=CHANNEL,
        response_url=URL,
    )


def test_two_commands_without_a_trigger_have_different_ids() -> None:
    one, two = (
        SlashCommand(text="send 1 x", user=AGENT, channel=CHANNEL, trigger_id="", at=make.at(second))
        for second in (0, 1)
    )
    assert one.id != two.id


def test_a_zone_that_a_person_typed_is_an_order_and_without_one_they_are_asked() -> None:
    order = commands.read(typed("zone +15551234567 Europe/Berlin"))
    assert isinstance(order, PlaceContact)
    assert (order.typed, order.response_url) == ("+15551234567 Europe/Berlin", URL)
    assert commands.read(typed("zone")) == commands.ZONE_USAGE


def test_a_name_and_a_query_are_what_a_person_typed() -> None:
    name = commands.read(typed("name +15551234567 Ann &amp; Bob"))
    assert isinstance(name, NameContact)
    assert name.typed == "+15551234567 Ann & Bob"
    found = commands.read(typed("find R&amp;D"))
    assert isinstance(found, FindTickets)
    assert (found.query, found.response_url, found.view) == ("R&D", URL, None)


def test_help_names_every_word() -> None:
    assert commands.read(typed("help")) == HELP
    assert [word for word in COMMANDS if f"/clerk {word}".strip() not in HELP] == []


def test_help_says_why_a_contacts_link_is_none() -> None:
    assert "a link in it is to be copied" in HELP
    assert len(HELP) < 3000, "a section of Slack's holds no more"


@pytest.mark.parametrize("word", ["send", "name", "find"])
def test_a_word_without_what_it_needs_is_answered_with_how_it_is_used(word: str) -> None:
    answer = commands.read(typed(word))
    assert isinstance(answer, str)
    assert f"/clerk {word} " in answer


def test_an_unknown_word_is_answered_with_help() -> None:
    answer = commands.read(typed("frobnicate <!channel>"))
    assert isinstance(answer, str)
    assert HELP in answer
    assert "<!channel>" not in answer


@given(st.sampled_from([*COMMANDS, "x"]), make.written(400))
def test_any_command_is_an_order_that_can_be_published_or_an_answer(word: str, rest: str) -> None:
    found = commands.read(typed(f"{word} {rest}"))
    if isinstance(found, QueueMessage):
        assert type(found).model_validate_json(found.model_dump_json()) == found
    else:
        assert found
