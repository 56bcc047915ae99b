"""What the wheel gets beside what `pyproject.toml` says: the README, for the reader's copy of the notebooks."""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ReadmeHook(BuildHookInterface):
    """Puts the README beside the notebooks; an editable installation has it there already."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before it builds a wheel."""
        if version != "editable":
            build_data["force_include"]["README.md"] = "enmeshed_nb/project/README.md"
