"""The problem box names the calls that fail, and the page of calls begins with them."""

from ops.console.problems import of_calls
from ops.metrics.stages import SLACK_API, TWILIO_API, WEBHOOKS, calls


def counted(metric: str, label: str, method: str, outcome: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    return f"clerk_{metric}_total", ((label, method), ("outcome", outcome))


GROWTH = {
    counted("slack_calls", "method", "chat.update", "ok"): 40.0,
    counted("slack_calls", "method", "chat.postMessage", "channel_not_found"): 3768.0,
    counted("slack_calls", "method", "reactions.add", "already_reacted"): 5.0,
    counted("slack_calls", "method", "views.open", "ok"): 0.0,
    counted("twilio_calls", "method", "send", "ok"): 7.0,
    counted("webhooks", "route", "/twilio/sms", "accepted"): 9.0,
    counted("webhooks", "route", "/slack/events", "rejected"): 1.0,
}


def test_calls_are_listed_by_stage_with_the_failing_ones_first() -> None:
    assert [(each.stage, each.method, each.count, each.failed) for each in calls(GROWTH)] == [
        (WEBHOOKS, "/slack/events", 1, True),
        (WEBHOOKS, "/twilio/sms", 9, False),
        (SLACK_API, "chat.postMessage", 3768, True),
        (SLACK_API, "reactions.add", 5, True),
        (SLACK_API, "chat.update", 40, False),
        (TWILIO_API, "send", 7, False),
    ]


def test_a_problem_names_the_failing_calls_and_leads_to_them() -> None:
    (problem,) = of_calls(calls(GROWTH))
    assert problem.found == (
        "3,768 of 3,813 calls of Slack failed in the last minute: chat.postMessage channel_not_found (3,768)."
    )
    assert problem.link == "/ops/calls"


def test_what_is_part_of_a_good_day_is_no_problem() -> None:
    usual = counted("slack_calls", "method", "reactions.add", "already_reacted")
    assert of_calls(calls({usual: 3.0})) == []


def test_each_kind_of_failure_has_its_own_advice() -> None:
    growth = {
        counted("slack_calls", "method", "chat.update", outcome): 1.0
        for outcome in ("TimeoutError", "invalid_auth", "a", "b", "c", "d")
    }
    silent, refused, others = of_calls(calls(growth))
    assert "does not answer: TimeoutError" in silent.found
    assert "refuses calls: invalid_auth" in refused.found
    assert "4 of 6 calls" in others.found
    assert others.found.endswith("and 1 more.")
