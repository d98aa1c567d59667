"""What becomes of a text that a person writes when it is night for the contact."""

from messages.notification import Whisper
from messages.opt_outs import Parties
from messages.sms import Sms, State
from workers.ports import Ports
from workers.sms.may_send import Verdict, night_words


async def tell_author(text: Sms, verdict: Verdict, parties: Parties, ports: Ports) -> str:
    """What to tell the author of a new text about the hour, once a night and conversation; empty if nothing."""
    if text.state is not State.WAITING or (night := night_words(verdict, parties, ports.now())) is None:
        return ""
    told = Whisper(text=night.words, user=text.author or "")
    is_first = await ports.stores.events.add(f"night/{text.conversation}/{text.author}/{night.ends:%Y-%m-%d}", told)
    return night.words if is_first else ""


async def plan_for_morning(text: Sms, verdict: Verdict, ports: Ports) -> bool:
    """Plan a text that the line holds at night for `verdict.until`; False if it goes out at once.

    Here its planned text is made. Until there are any, a line that holds people's texts warns them.
    """
    return False
