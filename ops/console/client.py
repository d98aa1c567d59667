"""A client of the JSON API of a console in another process: the queues and traces of a `clerk run`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx
from pydantic import TypeAdapter

from ops.queues.broker import BrokerAway, Page, Report, Snapshot, Tally
from ops.queues.letters import Letter, Selection

_LETTERS: TypeAdapter[list[Letter]] = TypeAdapter(list[Letter])


class Remote:
    """The queues of the console at a URL; `is_there` says whether its process runs, though it may not answer yet."""

    def __init__(self, url: str, token: str, is_there: Callable[[], bool] = lambda: False) -> None:
        self.url, self._token, self._is_there = url, token, is_there

    def snapshot(self) -> Snapshot:
        """All queues now."""
        return Snapshot.model_validate_json(self._ask("GET", "/queues"))

    def peek(self, queue: str, limit: int) -> Sequence[Letter]:
        """The next messages of a queue, which stay there."""
        asked = {"queue": queue, "limit": limit, "show_text": 1}
        return _LETTERS.validate_json(self._ask("GET", "/peek", params=asked))

    def dead(self, selection: Selection, skip: int, limit: int, scan: int) -> Page:
        """Dead letters by time of death, in the order that the selection says."""
        asked = {"skip": skip, "limit": limit, "scan": scan, "show_text": 1}
        answer = self._ask("POST", "/dead", params=asked, content=selection.model_dump_json())
        return Page.model_validate_json(answer)

    def rehearse(self, selection: Selection, report: Report) -> Tally:
        """Count what a replay would move, and move nothing."""
        return self._run("/dead/rehearse", selection, report)

    def replay(self, selection: Selection, report: Report) -> Tally:
        """Replay dead letters."""
        return self._run("/dead/replay", selection, report)

    def drop(self, selection: Selection, report: Report) -> Tally:
        """Drop dead letters for good."""
        return self._run("/dead/drop", selection, report)

    def trace(self, id: str) -> bytes:
        """The console's trace of an id, as JSON."""
        return self._ask("GET", "/trace", params={"id": id})

    def _run(self, path: str, selection: Selection, report: Report) -> Tally:
        tally = Tally.model_validate_json(self._ask("POST", path, content=selection.model_dump_json()))
        report(tally)
        return tally

    def _ask(
        self, method: str, path: str, params: Mapping[str, Any] | None = None, content: str | None = None
    ) -> bytes:
        headers = {"authorization": f"Bearer {self._token}", "content-type": "application/json"}
        try:
            answer = httpx.request(
                method,
                f"{self.url}/ops/api{path}",
                params=params,
                content=content,
                headers=headers,
                timeout=30,
                trust_env=False,
            )
        except httpx.ConnectError as error:
            if self._is_there():
                raise BrokerAway(
                    f"The `clerk run` at {self.url} is starting or ending, and does not answer. Try again in some "
                    "seconds."
                ) from None
            raise self._away(error) from None
        except httpx.HTTPError as error:
            raise self._away(error) from None
        if answer.status_code == 401:
            raise BrokerAway(f"The console at {self.url}/ops refuses this token: set CLERK_OPS_TOKEN to its own.")
        if answer.status_code != 200:
            raise BrokerAway(f"The console at {self.url}/ops answered {answer.status_code}: {answer.text[:300]}")
        return answer.content

    def _away(self, error: httpx.HTTPError) -> BrokerAway:
        return BrokerAway(
            f"CLERK_AMQP_URL is not set, so the queues are those of the `clerk run` at {self.url}, which can't be "
            f"reached: {error or type(error).__name__}. Start it, or set CLERK_AMQP_URL."
        )
