"""What a card says of a contact whom the team has blocked, with a button that ends that. Pure."""

from collections.abc import Sequence

from slack_sdk.models.blocks import Block, ButtonElement, SectionBlock

from messages.conversation import Blocking
from workers.markup import local_time, mention
from workers.slack.elements import mrkdwn, unstyled_words, value_of


def blocked(ticket: int, blocking: Blocking | None) -> Sequence[Block]:
    """The card's block about a blocked contact; none if they are not."""
    if blocking is None or not blocking.on:
        return []
    who = f" by {mention(blocking.by)}" if blocking.by else ""
    why = f": {unstyled_words(blocking.why)}" if blocking.why else ""
    effect = "Their texts notify nobody, and Clerk sends them none."
    said = f":no_bell: *Blocked*{who} · {local_time(blocking.at)}{why}. {effect}"
    button = ButtonElement(text="Unblock", action_id="ticket.unblock", value=value_of(ticket=ticket))
    return [SectionBlock(text=mrkdwn(said), accessory=button)]
