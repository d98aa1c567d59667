"""Which connection closes when there are too many."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.__main__ import MOST_CONNECTIONS, OTHER_FILES, most_connections
from gateway.crowd import ConnectionStage, Crowd

MOST, RECEIVING = 8, 4
OF_ONE, RECEIVING_OF_ONE = MOST // 2, RECEIVING // 2


def filled(*stages: ConnectionStage) -> Crowd[int]:
    """Connections 0, 1, 2... each of an address and in a stage of its own; there is no room for more."""
    crowd = Crowd[int](len(stages), RECEIVING)
    for number, stage in enumerate(stages):
        assert crowd.join(number, f"address {number}") is None
        assert crowd.move(number, stage) is None
    return crowd


def test_the_one_that_has_waited_longest_closes_for_the_next() -> None:
    crowd = filled(
        ConnectionStage.ANSWERING, ConnectionStage.WAITING, ConnectionStage.RECEIVING, ConnectionStage.WAITING
    )
    assert [crowd.join(number, f"address {number}") for number in (4, 5, 6, 7)] == [1, 2, 3, 4]


def test_who_was_answered_waits_anew() -> None:
    crowd = filled(ConnectionStage.WAITING, ConnectionStage.WAITING, ConnectionStage.WAITING)
    crowd.move(0, ConnectionStage.ANSWERING)
    crowd.move(0, ConnectionStage.WAITING)
    assert [crowd.join(number, f"address {number}") for number in (3, 4, 5)] == [1, 2, 0]


def test_where_everybody_is_being_answered_the_next_one_is_turned_away() -> None:
    assert filled(ConnectionStage.ANSWERING, ConnectionStage.ANSWERING).join(2, "a") == 2


def test_an_address_closes_its_own_while_others_have_room() -> None:
    crowd = Crowd[int](MOST, RECEIVING)
    assert crowd.join(100, "b") is None
    assert [crowd.join(number, "a") for number in range(6)] == [None, None, None, None, 0, 1]


def test_an_address_with_nothing_but_requests_being_answered_may_have_more() -> None:
    crowd = Crowd[int](MOST, RECEIVING)
    for number in range(MOST):
        assert crowd.join(number, "a") is None
        crowd.move(number, ConnectionStage.ANSWERING)
    assert crowd.join(MOST, "a") == MOST


def test_of_too_many_requests_that_have_come_in_part_the_oldest_closes() -> None:
    crowd = filled(ConnectionStage.WAITING, *[ConnectionStage.RECEIVING] * RECEIVING)
    assert crowd.move(0, ConnectionStage.RECEIVING) == 1


def test_an_address_that_sends_many_requests_in_part_closes_its_own() -> None:
    crowd = Crowd[int](100, RECEIVING)
    for number, address in enumerate("baaa"):
        crowd.join(number, address)
    assert [crowd.move(number, ConnectionStage.RECEIVING) for number in range(4)] == [None, None, None, 1]


def test_what_has_left_does_not_come_back() -> None:
    crowd = filled(ConnectionStage.WAITING)
    assert crowd.join(1, "a") == 0
    assert crowd.move(0, ConnectionStage.ANSWERING) is None
    assert crowd.join(2, "b") == 1


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("join"), st.integers(0, 30), st.sampled_from("ab")),
        st.tuples(st.just("move"), st.integers(0, 30), st.sampled_from(ConnectionStage)),
        st.tuples(st.just("leave"), st.integers(0, 30), st.none()),
    ),
    max_size=200,
)


@given(STEPS)
def test_whatever_comes_and_goes_the_limits_hold_and_only_the_longest_waiting_closes(
    steps: list[tuple[str, int, str | ConnectionStage | None]],
) -> None:
    crowd = Crowd[int](MOST, RECEIVING)
    there: dict[int, tuple[str, ConnectionStage]] = {}  # in the order in which each came into its stage
    for what, number, how in steps:
        if what == "join" and number not in there and isinstance(how, str):
            before, goes = dict(there), crowd.join(number, how)
            there[number] = how, ConnectionStage.WAITING
            mine = [each for each, (address, _) in before.items() if address == how]
            assert (goes is not None) <= (len(before) >= MOST or len(mine) >= OF_ONE)
            if goes is not None and goes != number:
                rivals = mine if len(mine) >= OF_ONE and goes in mine else list(before)
                waiting = [each for each in rivals if before[each][1] is not ConnectionStage.ANSWERING]
                assert goes == waiting[0]
        elif what == "move" and isinstance(how, ConnectionStage) and number in there:
            goes = crowd.move(number, how)
            assert (goes is not None) <= (how is ConnectionStage.RECEIVING)
            if there[number][1] is not how:
                address = there.pop(number)[0]
                there[number] = address, how
        elif what == "leave":
            goes = None
            crowd.leave(number)
            there.pop(number, None)
        else:
            continue
        if goes is not None:
            assert there[goes][1] is not ConnectionStage.ANSWERING
            del there[goes]
        assert len(there) <= MOST
        assert sum(stage is ConnectionStage.RECEIVING for _, stage in there.values()) <= RECEIVING
        for each in "ab":
            parts = [
                stage for address, stage in there.values() if address == each and stage is ConnectionStage.RECEIVING
            ]
            assert len(parts) <= RECEIVING_OF_ONE
            idle = [
                stage for address, stage in there.values() if address == each and stage is not ConnectionStage.ANSWERING
            ]
            assert len(idle) <= OF_ONE or what != "join"


def test_some_of_the_files_that_a_process_may_open_are_left_for_others() -> None:
    assert most_connections(1024) == 1024 - OTHER_FILES
    assert most_connections(256) == 128
    assert most_connections(-1) == most_connections(1 << 20) == MOST_CONNECTIONS
