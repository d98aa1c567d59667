"""What a text becomes that a person writes in the contact's night, on a line that holds people's texts. Pure.

It is stored, and never sent itself: later replies find it in its place, and a repeat finds it decided. A planned text
with its words is sent in its stead.
"""

from messages.calendar import wall_time
from messages.planned import AT_NIGHT, WALL_FORMAT, Planned
from messages.sms import Sms, State
from workers.sms.may_send import Cause, Hold, Verdict
from workers.sms.planned.life import first_look
from workers.sms.replies import written_at


def kept_for_morning(text: Sms, verdict: Verdict) -> Sms:
    """A new text as it is stored: unsent, and to be planned, if the line holds it; the same object if not.

    One from a form or a command is in no message: its planned text shows it.
    """
    if text.state is not State.WAITING or not isinstance(verdict, Hold) or verdict.why is not Cause.QUIET_HELD:
        return text
    unsent = {
        "state": State.UNSENT,
        "rank": State.UNSENT.rank,
        "outbox": None,
        "due_at": None,
        "retry_at": None,
        "hold_until": None,
    }
    shown = {} if text.ts is not None else {"unshown": None}
    return text.model_copy(update={**unsent, **shown, "planned": f"{AT_NIGHT}{text.id}", "wanted_at": verdict.until})


def planned_of(text: Sms, id: str, zone: str) -> Planned:
    """The planned text that a person's text becomes at night."""
    ends, author = text.wanted_at or text.received_at, text.author or ""
    wrote_at = min(written_at(text.ts), text.received_at) if text.ts else text.received_at
    return Planned(
        id=id,
        conversation=text.conversation,
        line=text.line,
        contact=text.contact,
        body=text.body,
        files=text.files,
        by=author,
        created_at=wrote_at,
        since=wrote_at,
        wall=wall_time(ends, zone).strftime(WALL_FORMAT),
        zone=zone,
        due_at=ends,
        moved=True,
        at_night=True,
        changed_by=author,
        look_at=first_look(ends, text.files, text.received_at),
        correlation_id=text.correlation_id,
    )
