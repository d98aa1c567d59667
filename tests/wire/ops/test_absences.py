"""The console names channels that the bot was removed from."""

from ops.console.problems import of_absences


def test_a_channel_without_the_bot_is_a_problem_with_what_to_do() -> None:
    (problem,) = of_absences(["C0TEXTS"])
    assert "not a member of C0TEXTS" in problem.found
    assert "/invite @clerk" in problem.todo
    assert of_absences([]) == []
