"""Which failures are outages, how long their messages wait, and what authors of dead letters are sent."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymongo import errors

from messages.base import QueueMessage
from messages.conversation import NameContact
from messages.inbound import SlackReplyPosted
from messages.notification import HidePost
from messages.process.publishing import LONGEST_DELAY, Unpublished
from messages.sms import WriteText
from messages.team.agent import AccountChanged, HandOn
from messages.ticket import ActOnTicket, AgentWrote, Edit, Take
from messages.views import ShowHome
from tests import make
from tests.make import NOW
from workers.failures import (
    Ambiguous,
    Permanent,
    Refused,
    Temporary,
    TextingThrottled,
    Throttled,
    TooLarge,
    Undecided,
    Unreachable,
)
from workers.last_words import LAST_WORDS, last_words
from workers.retries import OUTAGE, is_outage, outage_wait
from workers.runtime import HANDLERS, LostVersionRace, Unparsable, author_told
from workers.wiring import load_actors

OUTAGES = [
    errors.AutoReconnect(),
    errors.NetworkTimeout(),
    errors.NotPrimaryError(),
    errors.ServerSelectionTimeoutError(),
    errors.WaitQueueTimeoutError(),
    errors.CursorNotFound("gone", 43),
    errors.ExecutionTimeout("slow", 50),
    errors.OperationFailure("not authorised", 13),
    errors.OperationFailure("disk full", 14031),
    errors.PyMongoError(),
    Unpublished("RabbitMQ does not confirm"),
    Temporary("service_unavailable"),
    Throttled(timedelta(seconds=3)),
    TextingThrottled(20429, timedelta(seconds=3)),
    Unreachable(None, "refused"),
]

FAULTS = [
    errors.DuplicateKeyError("taken", 11000),
    errors.OperationFailure("too large", 10334),
    errors.WriteError("too large", 17419),
    errors.OperationFailure("not that type", 14),
    errors.DocumentTooLarge("over 16 MiB"),
    errors.InvalidName(),
    Permanent("is_archived"),
    Ambiguous("internal_error"),
    Refused(21610, "opted out"),
    Undecided(None, "timeout"),
    TooLarge(None, "too_large"),
    LostVersionRace(),
    Unparsable(),
    ValueError(),
    TimeoutError(),
]


@pytest.mark.parametrize("error", OUTAGES, ids=repr)
def test_what_is_away_or_takes_nothing_now_is_an_outage(error: Exception) -> None:
    assert is_outage(error)


@pytest.mark.parametrize("error", FAULTS, ids=repr)
def test_a_failure_that_repeats_or_may_have_taken_effect_is_not_an_outage(error: Exception) -> None:
    assert not is_outage(error)


@given(st.sampled_from(OUTAGES), st.integers(0, 10**9), st.floats(0, 1))
def test_nothing_waits_longer_than_half_a_minute_for_an_outage_to_be_over(
    error: Exception, outages: int, share: float
) -> None:
    assert timedelta() < outage_wait(error, outages, share, OUTAGE) <= timedelta(seconds=30)


@given(st.timedeltas(timedelta(), timedelta(days=999)), st.integers(0, 99))
def test_a_requested_wait_is_respected_but_no_message_waits_ten_minutes_in_a_worker(
    asked: timedelta, outages: int
) -> None:
    for error in (Throttled(asked), Temporary("token_revoked", asked), TextingThrottled(None, asked)):
        wait = outage_wait(error, outages, 0.5, OUTAGE)
        assert wait == min(asked, LONGEST_DELAY) if asked else wait <= OUTAGE.longest


def test_waits_double_until_the_longest() -> None:
    waits = [OUTAGE.wait(outages, 1) for outages in range(9)]
    assert waits == [min(timedelta(milliseconds=250) * 2**n, timedelta(seconds=30)) for n in range(9)]


NOBODY_WAITS = {AgentWrote, AccountChanged, HandOn, ShowHome}
"""Messages with a person, but without a place where Clerk reaches them, or who are gone; the Home says itself what is
wrong."""


def test_the_person_who_waits_for_something_is_informed_when_clerk_gives_it_up() -> None:
    load_actors()
    of_people: set[type[QueueMessage]] = {
        handler.handles
        for name, handler in HANDLERS.items()
        if {"by", "user"} & set(handler.handles.model_fields)
        and name not in {"slack.whisper", "notifications.record_action"}
    }
    assert of_people == set(LAST_WORDS) | NOBODY_WAITS


def test_the_agent_is_informed_in_their_channel_and_only_there() -> None:
    hide = HidePost(channel="C1", ts="1.0", by="U0ADA", response_url="https://hooks.slack.com/x")
    whisper = last_words(hide)
    assert whisper is not None
    assert (whisper.user, whisper.channel, whisper.response_url) == ("U0ADA", "C1", None)
    take = ActOnTicket(ticket=1, command=Take(), by="U0ADA", at=NOW, response_url="https://hooks.slack.com/x")
    whisper = last_words(take)
    assert whisper is not None
    assert (whisper.user, whisper.channel, whisper.response_url) == ("U0ADA", None, "https://hooks.slack.com/x")
    assert last_words(take.model_copy(update={"by": None})) is None
    assert last_words(take.model_copy(update={"response_url": None})) is None
    whisper = last_words(ActOnTicket(ticket=1, command=Edit(version=1, origin="C1"), by="U0ADA", at=NOW))
    assert whisper is not None
    assert (whisper.user, whisper.channel, whisper.response_url) == ("U0ADA", "C1", None)
    name = NameContact(typed="+15557654321 Bo", by="U0ADA", at=NOW, channel="C1")
    assert last_words(name) is not None
    write = WriteText(sms="s", line="+15550001111", contact="+15557654321", text="t", by="U0ADA", at=NOW, channel="C1")
    whisper = last_words(write)
    assert whisper is not None
    assert "contact" in whisper.text


def test_who_deletes_a_reply_is_informed_where_it_was_when_clerk_gives_that_up() -> None:
    reply = make.reply_posted()
    whisper = last_words(make.reply_changed(reply))
    assert whisper is not None
    assert (whisper.user, whisper.channel, whisper.thread_ts) == (reply.user, reply.channel, reply.thread_ts)
    assert "as you first wrote it" in whisper.text


def test_the_author_of_a_reply_that_only_a_newer_version_can_read_is_informed() -> None:
    load_actors()
    reply = SlackReplyPosted(
        event_id="Ev1", channel="C1", ts="2.0", thread_ts="1.0", user="U0ADA", text="hello", received_at=NOW
    )
    newer = {**reply.model_dump(mode="json"), "field_of_a_newer_version": 1}
    assert author_told("sms.record_reply", {"message": newer}) == last_words(reply)
    assert author_told("sms.record_reply", {"message": {}}) is None
    assert author_told("sms.record_reply", {}) is None
    assert author_told("nobody.knows", {"message": newer}) is None
