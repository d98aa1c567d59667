"""How many refusals of an address are answered with the reason."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.refusals import MOST, Refusals

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
AT_ONCE, REGAINED = 300, timedelta(milliseconds=100)


def answered(refusals: Refusals, address: str, times: int, now: datetime) -> int:
    """How many of so many refusals at once are answered with the reason."""
    return sum(refusals.count_refusal(address, now) is None for _ in range(times))


def test_an_address_has_its_number_and_another_one_its_own() -> None:
    refusals = Refusals(AT_ONCE, REGAINED)
    assert answered(refusals, "a", AT_ONCE + 7, NOW) == AT_ONCE
    assert answered(refusals, "b", 7, NOW) == 7


@given(
    st.lists(st.tuples(st.integers(1, 40), st.integers(0, 200)), max_size=20),
    st.integers(0, AT_ONCE - 1),
)
def test_reasons_are_limited_by_time_and_given_again_after_the_wait_that_was_named(
    bursts: list[tuple[int, int]], before: int
) -> None:
    refusals, now = Refusals(AT_ONCE, REGAINED), NOW
    count = answered(refusals, "a", before, now)
    for size, pause in bursts:
        now += pause * REGAINED / 10
        count += answered(refusals, "a", size, now)
        assert count <= AT_ONCE + (now - NOW) / REGAINED
        wait = refusals.count_refusal("a", now)
        if wait is None:
            count += 1
            continue
        assert timedelta() < wait <= REGAINED
        assert refusals.wait("a", now) == wait
        assert refusals.wait("a", now + wait) is None
        now += wait
        assert refusals.count_refusal("a", now) is None
        count += 1


def test_a_quiet_address_has_all_of_them_again() -> None:
    refusals = Refusals(AT_ONCE, REGAINED)
    answered(refusals, "a", AT_ONCE, NOW)
    assert answered(refusals, "a", AT_ONCE + 7, NOW + AT_ONCE * REGAINED) == AT_ONCE


def test_only_so_many_addresses_are_remembered() -> None:
    refusals = Refusals(AT_ONCE, REGAINED)
    answered(refusals, "first", AT_ONCE, NOW)
    for number in range(MOST):
        refusals.count_refusal(str(number), NOW)
    assert answered(refusals, "first", 1, NOW) == 1
    assert len(refusals._full) == MOST
