"""Every check, client by client."""

from __future__ import annotations

from collections.abc import Sequence

from ttm.conformance import home_assistant, open_webui, openai_python, plain
from ttm.conformance.check import Check
from ttm.errors import UnknownName, did_you_mean

CHECKS: tuple[Check, ...] = (
    *openai_python.CHECKS,
    *open_webui.CHECKS,
    *home_assistant.CHECKS,
    *plain.CHECKS,
)


def chosen(names: Sequence[str]) -> list[Check]:
    """The checks of these names, or whose names begin so; all of them without any.

    Raises UnknownName for a name that fits none.
    """
    for name in names:
        if not any(check.name.startswith(name) for check in CHECKS):
            known = {check.name for check in CHECKS}
            if "/" not in name:
                known = {each.partition("/")[0] for each in known}
            hint = did_you_mean(name, known) or "`ttm conformance --list` shows them all"
            raise UnknownName(f"there is no check '{name}'", hint)
    return [c for c in CHECKS if not names or any(c.name.startswith(name) for name in names)]
