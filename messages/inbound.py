"""Verified facts from Twilio and Slack, which the gateway publishes. Pure."""

from messages.base import Moment, QueueMessage
from messages.sms import Media, SlackFile


class SmsReceived(QueueMessage):
    """A contact's text reached the gateway. `after` is the sid of the contact's text before it, if known.

    `others` are the other recipients of a group message. `pool` is the Messaging Service that the webhook names, blank
    if it names none; None if there was no webhook.
    """

    actor = "ingestion.receive"
    sid: str
    line: str
    contact: str
    body: str
    media: tuple[Media, ...] = ()
    opt_out: str | None = None
    received_at: Moment
    after: str | None = None
    others: tuple[str, ...] = ()
    pool: str | None = None


class DeliveryReported(QueueMessage):
    """The provider reported the delivery state of one of our texts: `status` is a `State`'s value, or "scheduled".

    Gateways of earlier versions gave the provider's own word, which `delivery_state` reads, too.
    """

    actor = "sms.record_delivery"
    sms: str
    sid: str
    status: str
    error_code: int | None = None
    received_at: Moment


class SlackReplyPosted(QueueMessage):
    """A person wrote in a thread. `ts` is unique in a channel and the same in every retry of the event.

    A reply without `event_id` came in no event: a worker found it in Slack's list of the thread's messages.
    `after` is the id (`outbound_id`) of the reply that reached the gateway before it in the same thread, if any.
    `edited` is the time of its last edit, as `ts`, if it was edited before Clerk read it.
    `beyond_text` is what it has besides text and files. `team` is its author's workspace or organisation, and `home`
    are the ids of the app's own, as far as Slack names them.
    """

    actor = "sms.record_reply"
    event_id: str | None
    channel: str
    ts: str
    thread_ts: str
    user: str
    text: str
    files: tuple[SlackFile, ...] = ()
    received_at: Moment
    after: str | None = None
    beyond_text: tuple[str, ...] = ()
    team: str = ""
    home: tuple[str, ...] = ()
    edited: str | None = None


class SlackReplyChanged(QueueMessage):
    """Someone edited or deleted a person's reply in a thread.

    `reply` is the reply as it reads now; None if it is `deleted`. Gateways of earlier versions said neither.
    """

    actor = "sms.record_change"
    event_id: str
    channel: str
    ts: str
    thread_ts: str
    user: str
    received_at: Moment
    deleted: bool = False
    reply: SlackReplyPosted | None = None
