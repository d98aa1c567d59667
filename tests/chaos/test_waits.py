"""How long a text waited while nothing was disturbed."""

from hypothesis import given
from hypothesis import strategies as st

from tests.chaos.verdict import beyond

MOMENTS = st.integers(0, 30)
SPANS = st.tuples(MOMENTS, MOMENTS).map(lambda both: (min(both), max(both)))


@given(SPANS, st.lists(SPANS, max_size=6))
def test_every_second_of_a_wait_counts_in_which_nothing_was_disturbed(
    wait: tuple[int, int], disturbed: list[tuple[int, int]]
) -> None:
    began, ended = wait
    left = [each for each in range(began, ended) if not any(start <= each < end for start, end in disturbed)]
    assert beyond(wait, disturbed) == len(left)
