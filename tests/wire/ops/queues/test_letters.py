"""What is read from a message in a queue, what is shown of it, and which messages a filter selects."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.inbound import SmsReceived
from messages.process.publishing import envelope
from ops import durations
from ops.masking import masked, masked_letter, masked_number
from ops.queues import letters
from ops.queues.letters import Letter, Selection

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def text(body: str = "my secret is 42") -> SmsReceived:
    return SmsReceived(sid="SM1", line="+15550001111", contact="+15550200001", body=body, received_at=NOW)


def died(**fields: Any) -> Letter:
    given = {"queue": "slack.XQ", "id": "a", "actor": "slack.render", "died_at": NOW - timedelta(hours=1), **fields}
    return Letter.model_validate(given)


def test_a_message_is_read_with_its_ids_and_times() -> None:
    _, body = envelope(text(), delay=timedelta(minutes=1))
    letter = letters.read("ingestion.DQ", body)
    assert (letter.actor, letter.work_queue, letter.attempts) == ("ingestion.receive", "ingestion", 0)
    assert letter.published_at is not None
    assert letter.due_at == letter.published_at + timedelta(minutes=1)
    assert letter.payload["body"] == "my secret is 42"


@given(st.binary(max_size=200))
def test_any_message_in_a_queue_is_read_and_keeps_its_id(body: bytes) -> None:
    letter = letters.read("slack.XQ", body)
    assert letter.id == letters.read("slack.XQ", body).id
    assert masked_letter(letter).model_dump_json()


@pytest.mark.parametrize(
    "fields",
    [
        {"message_id": 7, "actor_name": None},
        {"options": None, "kwargs": {}, "actor_name": "slack.render"},
        {"options": {"eta": "soon", "retries": "many", "died_at": 1e300, "reason": 5}, "kwargs": {"message": {}}},
        {"options": {}, "kwargs": [], "actor_name": "slack.render", "message_timestamp": True},
    ],
)
def test_a_message_of_the_wrong_shape_is_read_too(fields: dict[str, Any]) -> None:
    letter = letters.read("slack.XQ", json.dumps(fields).encode())
    assert not letter.is_replayable or letter.payload == {}


def test_a_message_that_rabbitmq_dead_lettered_says_why() -> None:
    _, body = envelope(text())
    death = [{"reason": "delivery_limit", "time": datetime(2026, 3, 1, 11)}]  # noqa: DTZ001 - as pika gives it
    letter = letters.read("ingestion.XQ", body, {"x-death": death})
    assert "worker died" in (letter.reason or "")
    assert letter.died_at == datetime(2026, 3, 1, 11, tzinfo=UTC)


def test_no_text_of_a_contact_and_no_whole_number_is_shown() -> None:
    _, body = envelope(text())
    shown = masked_letter(letters.read("ingestion", body)).model_dump_json()
    assert "secret" not in shown
    assert "5550200001" not in shown
    assert "SM1" in shown


@given(st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from("ABC"), inner)))
def test_strings_in_unknown_fields_are_hidden_at_any_depth(value: Any) -> None:
    def strings(found: Any) -> list[str]:
        if isinstance(found, dict):
            return [each for part in found.values() for each in strings(part)]
        if isinstance(found, list):
            return [each for part in found for each in strings(part)]
        return [found]

    assert all(each == "" or each.startswith("•••") for each in strings(masked(value, "unknown")))


def test_two_hidden_numbers_can_be_distinguished() -> None:
    assert masked_number("+15550001111:+442071838750") == "+1••••••••11:+4•••••••••50"


def test_a_replayed_message_keeps_its_id_and_cause_and_forgets_its_failure() -> None:
    _, body = envelope(text())
    fields = json.loads(body)
    fields["options"] = {"correlation_id": "c", "reason": "x", "retries": 9, "traceback": "t", "eta": 5, "died_at": 1}
    fields["queue_name"] = "ingestion.DQ"
    again = json.loads(letters.revived(json.dumps(fields).encode(), "ingestion", NOW))
    assert again["options"] == {"correlation_id": "c", "replays": 1, "queued_at": int(NOW.timestamp() * 1000)}
    assert (again["queue_name"], again["message_id"]) == ("ingestion", fields["message_id"])
    assert again["kwargs"] == fields["kwargs"]


@pytest.mark.parametrize(
    ("filters", "matches"),
    [
        ({}, True),
        ({"actor": "slack.render"}, True),
        ({"actor": "slack"}, False),
        ({"reason": "NOT_FOUND"}, True),
        ({"reason": "archived"}, False),
        ({"older_than": timedelta(minutes=59)}, True),
        ({"older_than": timedelta(minutes=61)}, False),
        ({"newer_than": timedelta(minutes=61)}, True),
        ({"newer_than": timedelta(minutes=59)}, False),
        ({"ids": ("b", "a")}, True),
        ({"ids": ("b",)}, False),
        ({"ids": ("a",), "reason": "archived"}, False),
    ],
)
def test_a_dead_letter_is_selected_if_every_filter_matches(filters: dict[str, Any], matches: bool) -> None:
    assert Selection(**filters).matches(died(reason="Permanent: channel_not_found"), NOW) is matches


def test_a_selection_is_unchanged_after_its_way_through_the_console() -> None:
    selection = Selection(queues=("slack",), older_than=timedelta(hours=2), ids=("a", "b"), reason="ü")
    assert Selection.model_validate_json(selection.model_dump_json()) == selection
    assert Selection().is_everything()
    assert not selection.is_everything()


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("10m", 600), ("2h", 7200), ("7d", 604800), ("0.5h", 1800), (" 5M ", 300)]
)
def test_durations_are_written_with_their_unit(text: str, seconds: float) -> None:
    assert durations.parse(text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "10", "m", "-5m", "1h30m", "ten minutes"])
def test_an_invalid_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        durations.parse(text)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "–"),
        (0, "0 s"),
        (0.04, "40 ms"),
        (0.0001, "1 ms"),
        (2.34, "2.3 s"),
        (59.7, "1 m"),
        (61, "1 m 1 s"),
        (3600, "1 h"),
        (7500, "2 h 5 m"),
        (90061, "1 d 1 h"),
        (-3, "-3 s"),
    ],
)
def test_durations_are_read_in_at_most_two_units(seconds: float | None, words: str) -> None:
    assert durations.short(seconds) == words
