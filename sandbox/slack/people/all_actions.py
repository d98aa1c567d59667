"""Everything that people in the workspace can do."""

from sandbox.slack.people.administering import Administering
from sandbox.slack.people.clicking import Clicking
from sandbox.slack.people.writing import Writing


class People(Clicking, Writing, Administering):
    """The people of the workspace: they click, submit, write, and change channels and the app."""
