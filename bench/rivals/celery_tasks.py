"""The rival that does the whole job: Celery on RabbitMQ with MongoDB, written as its documentation teaches.

One task a step, acknowledged late, repeated on failure, a blocking call of Slack
(https://docs.celeryq.dev/en/stable/userguide/tasks.html). What it leaves out: the order of texts, posts that a crash
between call and answer would repeat, and everything that agents do.
"""

import os
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from celery import Celery
from pymongo import MongoClient, ReturnDocument
from pymongo.errors import DuplicateKeyError, PyMongoError
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

WINDOW: Final = timedelta(seconds=180)
FAILURES: Final = (PyMongoError, SlackApiError, SlackClientError, OSError)
AGAIN: Final = {"autoretry_for": FAILURES, "retry_backoff": True, "max_retries": 20}

app = Celery("celery_tasks", broker=os.environ["CLERK_AMQP_URL"])
app.conf.update(task_acks_late=True, task_reject_on_worker_lost=True, task_ignore_result=True)

_database = MongoClient[dict[str, Any]](os.environ["CLERK_MONGO_URL"], connect=False).get_default_database()
_slack = WebClient(os.environ["CLERK_SLACK_BOT_TOKEN"], base_url=os.environ["CLERK_SLACK_API_URL"])


@app.task(**AGAIN)
def store_text(form: dict[str, str]) -> None:
    """Store the text, its contact and its conversation."""
    now = datetime.now(UTC)
    line, contact = form["To"], form["From"]
    _database.contacts.update_one({"_id": contact}, {"$setOnInsert": {"created_at": now}}, upsert=True)
    conversation = f"{line}:{contact}"
    first = {"line": line, "contact": contact, "created_at": now}
    _database.conversations.update_one({"_id": conversation}, {"$setOnInsert": first}, upsert=True)
    text = {"_id": form["MessageSid"], "conversation": conversation, "body": form["Body"], "received_at": now}
    with suppress(DuplicateKeyError):  # delivered again
        _database.texts.insert_one(text)
    file_text.delay(text["_id"])


@app.task(**AGAIN)
def file_text(sid: str) -> None:
    """Put the text under the conversation's ticket, or under a new one."""
    text = _database.texts.find_one({"_id": sid})
    assert text is not None
    conversation, now = text["conversation"], datetime.now(UTC)
    ticket = _database.tickets.find_one({"conversation": conversation, "status": {"$ne": "closed"}})
    if ticket is None:
        number = _database.counters.find_one_and_update(
            {"_id": "tickets"}, {"$inc": {"last": 1}}, upsert=True, return_document=ReturnDocument.AFTER
        )
        assert number is not None
        ticket = {"_id": number["last"], "conversation": conversation, "status": "new", "created_at": now}
        _database.tickets.insert_one(ticket)
    _database.tickets.update_one({"_id": ticket["_id"]}, {"$set": {"updated_at": now}})
    _database.texts.update_one({"_id": sid}, {"$set": {"ticket": ticket["_id"]}})
    consider_notifying.delay(conversation)
    post_text.delay(sid)


@app.task(**AGAIN)
def consider_notifying(conversation: str) -> None:
    """Announce the conversation's texts now, or when its window ends."""
    now = datetime.now(UTC)
    found = _database.conversations.find_one({"_id": conversation})
    assert found is not None
    announced = found.get("announced_at")
    if announced is None or announced.replace(tzinfo=UTC) <= now - WINDOW:
        _database.conversations.update_one({"_id": conversation}, {"$set": {"announced_at": now}})
        post_card.delay(conversation)
    elif found.get("due_at") is None:
        due = announced.replace(tzinfo=UTC) + WINDOW
        _database.conversations.update_one({"_id": conversation}, {"$set": {"due_at": due}})
        consider_notifying.apply_async((conversation,), eta=due)


@app.task(**AGAIN)
def post_card(conversation: str) -> None:
    """Post the card of the conversation's ticket, which begins its thread if it has none."""
    found = _database.conversations.find_one({"_id": conversation})
    ticket = _database.tickets.find_one({"conversation": conversation, "status": {"$ne": "closed"}})
    assert found is not None and ticket is not None
    words = f"Ticket #{ticket['_id']}, {found['contact']}: {ticket['status']}"
    button = {
        "type": "button",
        "text": {"type": "plain_text", "text": "Assign"},
        "action_id": "ticket.assign",
        "value": str(ticket["_id"]),
    }
    blocks: list[dict[str, Any]] = [
        {"type": "section", "text": {"type": "mrkdwn", "text": words}},
        {"type": "actions", "elements": [button]},
    ]
    answer = _slack.chat_postMessage(
        channel=os.environ["BENCH_CHANNEL"], text=words, blocks=blocks, thread_ts=found.get("thread")
    )
    if "thread" not in found:
        _database.conversations.update_one({"_id": conversation}, {"$set": {"thread": answer["ts"]}})


@app.task(bind=True, **AGAIN)
def post_text(self: Any, sid: str) -> None:
    """Post the text into the conversation's thread, once that has begun."""
    text = _database.texts.find_one({"_id": sid})
    assert text is not None
    conversation = _database.conversations.find_one({"_id": text["conversation"]})
    assert conversation is not None
    if "thread" not in conversation:
        raise self.retry(countdown=1)
    _slack.chat_postMessage(channel=os.environ["BENCH_CHANNEL"], text=text["body"], thread_ts=conversation["thread"])
    _database.texts.update_one({"_id": sid}, {"$set": {"posted": True}})
