from __future__ import annotations

from ttm.text.normalize import Rule

RULES: tuple[Rule, ...] = ()
