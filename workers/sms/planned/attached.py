"""The files of planned texts: when Clerk looks whether Slack still shows them, and what follows if not. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from messages.planned import Planned, PlannedState
from messages.sms import SlackFile
from workers.sms.planned.life import Happening, PlanEvent

LEAVES = frozenset({PlanEvent.DUE, PlanEvent.SEND_NOW, PlanEvent.KEEP})


def is_to_check(planned: Planned, happening: Happening | None, now: datetime) -> bool:
    """Whether its files are looked for: it would leave, is kept as planned, or an hour is left, and nothing happens."""
    if not planned.files or planned.state.is_final:
        return False
    if happening is not None:
        return happening.event in LEAVES
    return planned.state is PlannedState.PLANNED and planned.look_at is not None and planned.look_at <= now


def without_files(happening: Happening | None, gone: str) -> Happening | None:
    """What happens to a planned text whose files were looked for; `gone` says which one Slack does not show, if any."""
    return Happening(PlanEvent.FILE_GONE, why=gone) if gone else happening


def changed_files(planned: Planned, keep: Sequence[str] | None, added: Sequence[SlackFile]) -> tuple[SlackFile, ...]:
    """The files of a planned text after a change: those that are kept (None: all), then those that are added."""
    kept = [each for each in planned.files if keep is None or each.id in keep]
    found: Mapping[str, SlackFile] = {each.id: each for each in (*kept, *added)}
    return tuple(found.values())


def gone_words(file: SlackFile, *, deleted: bool) -> str:
    """Why a text is held whose file Slack does not show any more, in words for the thread."""
    name = f"“{file.name}”" if file.name else "one of its files"
    return f"{name} was deleted in Slack" if deleted else f"Slack does not let Clerk see {name} any more"
