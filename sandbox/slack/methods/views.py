"""views.* (https://docs.slack.dev/reference/methods?family=views)."""

from collections.abc import Mapping
from typing import Any

from sandbox.json_object import Json
from sandbox.slack.methods.arguments import Arguments
from sandbox.slack.methods.table import WebApiMethod
from sandbox.slack.modals import public_modal
from sandbox.slack.refusals import SlackRefusal
from sandbox.slack.workspace import Workspace


class ViewMethods:
    """Modals and Home tabs; any bot token may use them."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace, self._modals = workspace, workspace.modals

    def table(self) -> Mapping[str, WebApiMethod]:
        """The methods by name."""
        return {
            "views.open": WebApiMethod(self._open),
            "views.publish": WebApiMethod(self._publish),
            "views.push": WebApiMethod(self._push),
            "views.update": WebApiMethod(self._update),
        }

    def _open(self, arguments: Arguments) -> Json:
        view = self._with_scopes(_view(arguments))
        return {"view": public_modal(self._modals.open(arguments.required("trigger_id"), view))}

    def _publish(self, arguments: Arguments) -> Json:
        user, hash = arguments.required("user_id"), arguments.text("hash") or None
        found = self._workspace.homes.publish(user, self._workspace.people, hash, _view(arguments))
        return {"view": public_modal(found)}

    def _push(self, arguments: Arguments) -> Json:
        view = self._with_scopes(_view(arguments))
        return {"view": public_modal(self._modals.push(arguments.required("trigger_id"), view))}

    def _with_scopes(self, view: Mapping[str, Any]) -> Mapping[str, Any]:
        """A view whose elements the app may use: a field for files takes files:read.

        https://docs.slack.dev/reference/block-kit/block-elements/file-input-element
        """
        blocks = view.get("blocks")
        found = [each.get("element") for each in blocks or () if isinstance(each, dict)]
        if any(isinstance(each, dict) and each.get("type") == "file_input" for each in found):
            self._workspace.require("files:read")
        return view

    def _update(self, arguments: Arguments) -> Json:
        view_id, external_id = arguments.text("view_id"), arguments.text("external_id")
        if not view_id and not external_id:
            raise SlackRefusal("invalid_arguments", "missing required field: view_id or external_id")
        hash = arguments.text("hash") or None
        return {"view": public_modal(self._modals.update(view_id, external_id, hash, _view(arguments)))}


def _view(arguments: Arguments) -> Mapping[str, Any]:
    view = arguments.structure("view")
    if not isinstance(view, dict):
        raise SlackRefusal("invalid_arguments", "missing required field: view")
    return view
