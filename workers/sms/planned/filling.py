"""Fills in the placeholders of a planned text when it leaves, so that they say what is true then. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from messages.formats.segments import segments
from messages.planned import FILLED, Planned, PlannedState
from messages.sms import LIMIT
from messages.team.placeholders import empty, filled, listed, named, trouble
from workers.sms.planned.life import Happening, PlanEvent


def objection_to_placeholders(body: str) -> str:
    """Why a text can't be planned because of what is in braces; blank if it can."""
    found = trouble(body, FILLED)
    return f"Nothing was planned: {found}." if found else ""


def asked_for(planned: Planned, happening: Happening, now: datetime) -> list[str]:
    """The placeholders that are to be filled in, since what happens now releases the text."""
    kept = happening.event is PlanEvent.KEEP and planned.state is PlannedState.HELD and planned.due_at <= now
    leaves = kept or happening.event in {PlanEvent.DUE, PlanEvent.SEND_NOW}
    return named(planned.body, FILLED) if planned.fills and leaves and not planned.state.is_final else []


def by_need(plans: Sequence[Planned]) -> list[Planned]:
    """Planned texts, those last of which Slack is asked something: it may be down, and the others need not wait."""
    return sorted(plans, key=lambda each: bool(each.files) or (each.fills and "agent" in named(each.body, FILLED)))


def with_filling(planned: Planned, happening: Happening, values: Mapping[str, str]) -> Happening:
    """What happens to a text that would leave: it does so with its placeholders filled in, or is held."""
    if missing := empty(planned.body, values):
        return Happening(PlanEvent.DUE_AND_UNFILLED, why=f"there is nothing to fill in for {listed(missing)}")
    body = filled(planned.body, values)
    if (length := segments(body).characters) > LIMIT:
        why = f"with what is filled in it has {length:,} characters, and a text has at most {LIMIT:,}"
        return Happening(PlanEvent.DUE_AND_UNFILLED, why=why)
    return replace(happening, body=body)
