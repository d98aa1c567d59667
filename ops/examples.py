"""How each command is used: what its help ends with. Pure."""

from typing import Final

EXAMPLES: Final[dict[str, tuple[str, ...]]] = {
    "run": ("clerk run", "clerk run --port 9000 --verbose"),
    "worker": ("clerk worker", "clerk worker --queues slack,sms --processes 2", "clerk worker --queues interactive"),
    "lines": (
        "clerk lines add +15550001111 --channel C0123ABCD --name Support",
        "clerk lines set +15550001111 --window 60 --cap 300 --calendar shop",
        "clerk lines set +15550001111 --auto closed='We are back {opens}.' --auto waiting=default",
        "clerk lines set +15550001111 --on-call U0123ABCD,U0456EFGH",
        "clerk lines set +15550001111 --sla preset --sla urgent.first=10m --sla normal.resolution=48h/calendar",
    ),
    "calendars": (
        'clerk calendars add shop --zone America/New_York --week "mon-fri 9:00-12:30 13:30-17:00, sat 9:00-12:00"',
        'clerk calendars day add shop --on 2026-12-24 --hours 9:00-12:00 --name "Christmas Eve"',
        'clerk calendars holidays shop --country US --subdivision CA --leave-out "Day After Thanksgiving"',
        "clerk calendars close shop until 14:00 --why training",
    ),
    "planned": ("clerk planned list", "clerk planned list --line +15550001111 --show-text --json"),
    "sla": ("clerk sla explain '#42'", "clerk sla list --line +15550001111 --json"),
    "agents": ("clerk agents list", "clerk agents set U0123ABCD --hours shop"),
    "queues": ("clerk queues --watch", "clerk queues --json"),
    "peek": ("clerk peek slack -n 5", "clerk peek slack.XQ --show-text"),
    "dead": (
        "clerk dead list --reason archived --newer-than 2h",
        "clerk dead replay --actor slack.render --dry-run",
        "clerk dead drop ID",
    ),
    "trace": ("clerk trace '#42'", "clerk trace SM0123456789abcdef0123456789abcdef --json"),
    "export": ("clerk export clerk.jsonl.gz",),
    "import": ("clerk import clerk.jsonl.gz",),
    "demo": ("clerk demo", "clerk demo --speed 2 --url http://127.0.0.1:9000"),
}
"""How each command is used; those without a row take no arguments."""


def examples_of(command: str) -> str | None:
    """What the help of a command ends with, in Markdown; None if it has no examples."""
    lines = EXAMPLES.get(command)
    return None if lines is None else "\n".join(("Examples:\n", *(f"- `{line}`" for line in lines)))
