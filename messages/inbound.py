"""What the gateway emits: verified facts from Twilio and Slack."""

from messages.base import Moment, QueueMessage
from messages.sms import Media, SlackFile


class SmsReceived(QueueMessage):
    """A contact's text reached the gateway. `after` is the sid of the text that it saw just before, if any."""

    actor = "ingestion.receive"
    sid: str
    line: str
    contact: str
    body: str
    media: tuple[Media, ...] = ()
    opt_out: str | None = None
    received_at: Moment
    after: str | None = None


class DeliveryReported(QueueMessage):
    """The provider reported how far one of our texts has come."""

    actor = "sms.record_delivery"
    sms: str
    sid: str
    status: str
    error_code: int | None = None
    received_at: Moment


class SlackReplyPosted(QueueMessage):
    """A person wrote in a thread. `ts` is unique in a channel and the same in every retry of the event.

    Without an `event_id` it was found in the thread's list, where a worker looked for what no event had brought.
    `after` is the text (`outbound_id`) of the reply that the gateway saw just before in the same thread, if any.
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


class SlackReplyChanged(QueueMessage):
    """A person edited what they had written in a thread, or it was deleted."""

    actor = "sms.record_change"
    event_id: str
    channel: str
    ts: str
    thread_ts: str
    user: str
    received_at: Moment
