"""What is filled in when a planned text leaves, and what is held because there is nothing to fill in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.planned import FILLED, PlannedState
from messages.sms import LIMIT
from tests import make
from tests.make import AGENT, at
from workers.sms.planned.filling import asked_for, objection_to_placeholders, with_filling
from workers.sms.planned.life import Happening, PlanEvent, decide
from workers.sms.planned.release import sms_of

E = PlanEvent
VALUES = {"name": "Ann", "line": "Sales", "agent": "Bo"}
ALL = "Hi {name}, {agent} of {line}"


@pytest.mark.parametrize("event", PlanEvent)
@pytest.mark.parametrize("state", PlannedState)
def test_placeholders_are_asked_for_just_where_a_text_is_released(event: PlanEvent, state: PlannedState) -> None:
    planned, now = make.planned(body=ALL, fills=True, state=state, ended_at=at(0)), at(3600)
    asked = asked_for(planned, Happening(event), now)
    releases = event in {E.DUE, E.SEND_NOW} or (event, state) == (E.KEEP, PlannedState.HELD)
    assert asked == (["name", "agent", "line"] if releases and not state.is_final else [])
    assert asked_for(planned.model_copy(update={"fills": False}), Happening(event), now) == []


def test_a_held_text_that_waits_for_its_time_again_asks_for_nothing_yet() -> None:
    held = make.planned(body=ALL, fills=True, state=PlannedState.HELD)
    assert asked_for(held, Happening(E.KEEP), at(60)) == []


def test_a_text_leaves_filled_in_and_stays_so() -> None:
    planned = make.planned(body=ALL, fills=True)
    released = decide(planned, with_filling(planned, Happening(E.DUE), VALUES), at(3600)).planned
    assert (released.state, released.body) == (PlannedState.RELEASED, "Hi Ann, Bo of Sales")
    assert sms_of(released).body == released.body


def test_a_kept_text_whose_time_has_passed_leaves_filled_in() -> None:
    held, keep = make.planned(body=ALL, fills=True, state=PlannedState.HELD), Happening(E.KEEP, AGENT, "one")
    released = decide(held, with_filling(held, keep, VALUES), at(4000)).planned
    assert (released.body, released.changed_by, released.orders) == ("Hi Ann, Bo of Sales", AGENT, ("one",))


def test_a_text_with_nothing_to_fill_in_is_held_as_it_was_written() -> None:
    planned = make.planned(body=ALL, fills=True)
    happening = with_filling(planned, Happening(E.DUE), {**VALUES, "name": "", "agent": " "})
    held = decide(planned, happening, at(3600)).planned
    assert (held.state, held.body) == (PlannedState.HELD, ALL)
    assert held.why == "there is nothing to fill in for {name} and {agent}"


def test_a_text_that_grows_too_long_is_held() -> None:
    planned = make.planned(body="{name}" + "x" * (LIMIT - 3), fills=True)
    assert with_filling(planned, Happening(E.DUE), VALUES).event is E.DUE
    longer = with_filling(planned, Happening(E.DUE), {"name": "Anna"})
    assert longer.event is E.DUE_AND_UNFILLED
    assert "1,601 characters" in longer.why


@given(st.text("{}naeml ", max_size=20), st.sampled_from(FILLED), st.text(max_size=10))
def test_no_text_leaves_with_a_placeholder_in_it_and_nothing_else_is_changed(
    before: str, name: str, value: str
) -> None:
    planned = make.planned(body=f"{before} {{{name}}}", fills=True)
    if objection_to_placeholders(planned.body):
        return
    values = {**VALUES, name: value}
    after = decide(planned, with_filling(planned, Happening(E.DUE), values), at(3600)).planned
    assert after.state is (PlannedState.RELEASED if value.strip() else PlannedState.HELD)
    assert after.body.endswith(value if value.strip() else f"{{{name}}}")
    assert len(after.edits) == 0
