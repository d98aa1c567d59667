"""When a conversation notifies: leading edge, trailing edge, cap, and what cancels them. Pure.

`next_state` depends on the present facts (the newest text, when texts came, when an agent acted) and not on the message
that caused it: repeated, late, reordered and lost messages give the same announcements. A text that was found late
counts from when it was found: nobody has seen it before, and it waits for its window as any other.
"""

from collections.abc import Sequence
from datetime import datetime

from messages.conversation import Announcement, Arrival, Debounce, Episode
from messages.line import Line, Mode


def next_state(
    state: Debounce,
    line: Line,
    texts: Sequence[Arrival],
    episode: Episode,
    now: datetime,
    *,
    acted_at: datetime | None = None,
    sent_at: datetime | None = None,
) -> Debounce:
    """The state after new texts, an agent's action, an outbound text, and time.

    `texts` are in order: those after `considered`, and, if an agent acted, the earlier unannounced ones that came
    after that. Others make no difference.

    A new `latest` announcement is the decision to notify; `due_at` is when to decide again, if ever.
    """
    update = _Draft(state, line, episode, now)
    for text in texts:
        if text.seq > update.considered:
            update.add_text(text)
    if sent_at is not None:
        update.add_sent(sent_at)
    if acted_at is not None:
        update.mark_seen(acted_at, texts)
    update.announce_if_due()
    return update.result()


def outcome(before: Debounce, after: Debounce, line: Line) -> str | None:
    """The decision in a word: leading, trailing, cap or cancelled; None if no announcement changed."""
    if after.latest is not None and after.latest != before.latest:
        if before.waiting_since is None:
            return "leading"
        return "cap" if after.latest.at >= before.waiting_since + line.cap else "trailing"
    return "cancelled" if before.due_at is not None and after.due_at is None else None


class _Draft:
    """The next state, while it is computed."""

    def __init__(self, state: Debounce, line: Line, episode: Episode, now: datetime) -> None:
        self._state, self._line, self._episode, self._now = state, line, episode, now
        self.considered = state.considered
        self._announced = state.announced
        self._hushed = state.hushed
        self._last_text_at = state.last_text_at
        self._heard_at = state.heard_at
        self._waiting_since = state.waiting_since
        self._seen_at = state.seen_at
        self._latest = state.latest

    def add_text(self, text: Arrival) -> None:
        self._heard_at = max(text.at, self._heard_at or text.at)
        if text.is_silent:
            self._add_silent(text)
            return
        at = text.noticed_at
        quiet = self._last_text_at is None or at - self._last_text_at >= self._line.window
        opening = self._episode.first <= text.seq and not self._knows_episode()
        self.considered = text.seq
        self._last_text_at = max(at, self._last_text_at or at)
        if self._is_hushed(text.seq):
            self._hush(text)
        elif opening or quiet:
            self._announce(text.seq, opening=opening)
        elif self._waiting_since is None and self._seen_at is not None and at <= self._seen_at:
            self._settle(text.seq)
        elif self._waiting_since is None:
            self._waiting_since = at

    def _is_hushed(self, seq: int) -> bool:
        """Whether a text came while the ticket was put off, which it still is."""
        return self._episode.hushed_after is not None and seq > self._episode.hushed_after

    def _hush(self, text: Arrival) -> None:
        """Announce a text when the snooze ends, unless the team has seen it."""
        seen = self._seen_at is not None and text.noticed_at <= self._seen_at
        if seen and self._waiting_since is None and not self._keeps_hushed:
            self._settle(text.seq)
        else:
            self._hushed = text.seq

    @property
    def _keeps_hushed(self) -> bool:
        """Whether a text that came while the ticket was put off is still to be announced."""
        return self._hushed > self._announced

    def _add_silent(self, text: Arrival) -> None:
        """A silent text is seen by whoever looks: it announces nothing, and keeps no other text waiting."""
        self.considered = text.seq
        if self._waiting_since is None and not self._keeps_hushed:
            self._announced = max(self._announced, text.seq)

    def add_sent(self, at: datetime) -> None:
        self._last_text_at = max(at, self._last_text_at or at)

    def mark_seen(self, at: datetime, texts: Sequence[Arrival]) -> None:
        """The team has seen what came before `at`."""
        self._seen_at = max(at, self._seen_at or at)
        later = [text for text in texts if text.noticed_at > at and text.seq > self._announced and not text.is_silent]
        if not later:
            self._settle(self.considered)
        else:
            self._announced = max(self._announced, later[0].seq - 1)
            self._waiting_since = next((text.noticed_at for text in later if not self._is_hushed(text.seq)), None)

    def announce_if_due(self) -> None:
        if self._keeps_hushed and not self._is_hushed(self._hushed):
            self._announce(self.considered, opening=not self._knows_episode())
        due = self._due_at()
        if due is not None and due <= self._now:
            self._announce(self.considered, opening=False)

    def result(self) -> Debounce:
        update = {
            "considered": self.considered,
            "announced": self._announced,
            "hushed": self._hushed,
            "last_text_at": self._last_text_at,
            "heard_at": self._heard_at,
            "waiting_since": self._waiting_since,
            "seen_at": self._seen_at,
            "latest": self._latest,
            "due_at": self._due_at(),
        }
        if all(getattr(self._state, name) == value for name, value in update.items()):
            return self._state
        return self._state.model_copy(update=update | {"version": self._state.version + 1})

    def _knows_episode(self) -> bool:
        return self._latest is not None and self._latest.ticket >= self._episode.ticket

    def _due_at(self) -> datetime | None:
        if self._waiting_since is None or self._last_text_at is None or self._line.mode is Mode.LEADING:
            return None
        return min(self._last_text_at + self._line.window, self._waiting_since + self._line.cap)

    def _announce(self, last: int, *, opening: bool) -> None:
        """Announce all unannounced texts up to `last`; a second announcement in one call extends the first."""
        latest, made = self._latest, self._latest is not self._state.latest
        self._latest = Announcement(
            number=(latest.number + (not made)) if latest else 1,
            ticket=self._episode.ticket,
            first=latest.first if latest and made else min(self._announced + 1, last),
            last=last,
            targets=self._episode.targets,
            opening=opening or bool(latest and made and latest.opening),
            at=self._now,
        )
        self._settle(last)

    def _settle(self, last: int) -> None:
        self._announced = max(self._announced, last)
        self._waiting_since = None
