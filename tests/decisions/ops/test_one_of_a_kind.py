"""Of one thing is spoken as of one, wherever Clerk counts: nowhere are there "1 messages"."""

import gzip
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from messages.notification import Post, PostKind
from messages.release import DOCUMENTS
from ops.checks import documents
from ops.commands.export import say
from ops.console import problems
from ops.documents.transfer import FORMAT, NotAnExport, check
from ops.metrics.stages import SLACK_API, Calls
from ops.queues.broker import QueueState, Snapshot

NOW = datetime(2026, 5, 5, 12, tzinfo=UTC)
OF_ONE = re.compile(r"\b1 (\w+s)\b")


def plural(text: str) -> list[str]:
    """The words after a 1 that are those of several things."""
    return OF_ONE.findall(text)


def test_of_one_message_that_a_worker_holds() -> None:
    slack = QueueState(name="slack", consumers=1, held=1, stalled=300, ready=1, dead=1, oldest=120)
    for found in problems.of_snapshot(Snapshot(at=NOW, source="a test", queues=(slack,))):
        assert plural(found.found) == []


@pytest.mark.parametrize(("count", "said"), [(1, "1 of 1 call of Slack failed"), (2, "2 of 2 calls of Slack failed")])
def test_of_one_call_that_failed(count: float, said: str) -> None:
    (found,) = problems.of_calls([Calls(stage=SLACK_API, method="m", outcome="no", count=count, failed=True)])
    assert found.found.startswith(said)


def test_of_one_more_post_than_is_named() -> None:
    posts = [
        Post(
            id=f"{n}",
            conversation="c",
            kind=PostKind.CARD,
            target="C0",
            seq=n,
            first=n,
            last=n,
            failed="invalid_blocks",
            created_at=NOW,
        )
        for n in range(documents.MOST_NAMED + 1)
    ]
    *_, last = documents.of_posts(posts)
    assert last.found == "and 1 other since yesterday"


def test_of_an_export_that_was_cut_short_after_one_document(tmp_path: Path) -> None:
    file = tmp_path / "export.jsonl.gz"
    lines = [{"clerk": FORMAT, "documents": DOCUMENTS}, {"collection": "lines", "document": {"_id": "+15550001111"}}]
    file.write_bytes(gzip.compress("".join(json.dumps(line) + "\n" for line in lines).encode()))
    with pytest.raises(NotAnExport, match=r"ends after 1 document$"):
        check(file)


@pytest.mark.parametrize(("counts", "said"), [({"lines": 1}, "1 document "), ({"lines": 1, "sms": 2}, "3 documents ")])
def test_of_what_an_export_holds(counts: dict[str, int], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    say(counts, "exported to f", 0.0)
    told = capsys.readouterr().out
    assert told.startswith(said)
    assert plural(told) == []
