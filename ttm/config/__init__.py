"""Settings: declared once, read strictly, written without losing a comment."""

from __future__ import annotations

from ttm.config.catalogue import SECTIONS, SETTINGS, Setting, every_setting, find, match
from ttm.config.checking import check
from ttm.config.effective import Config, Origin, value
from ttm.config.loading import Assignment, assignment, default_path, load
from ttm.config.sample import example
from ttm.config.sections import (
    EngineSettings,
    EspeakSettings,
    ModelsSettings,
    PlaybackSettings,
    Qwen3Settings,
    RuntimeSettings,
    SaySettings,
    TextSettings,
    Value,
    VoicesSettings,
)
from ttm.config.values import expected, spelled
from ttm.config.writing import write_example, write_setting

__all__ = [
    "SECTIONS",
    "SETTINGS",
    "Assignment",
    "Config",
    "EngineSettings",
    "EspeakSettings",
    "ModelsSettings",
    "Origin",
    "PlaybackSettings",
    "Qwen3Settings",
    "RuntimeSettings",
    "SaySettings",
    "Setting",
    "TextSettings",
    "Value",
    "VoicesSettings",
    "assignment",
    "check",
    "default_path",
    "every_setting",
    "example",
    "expected",
    "find",
    "load",
    "match",
    "spelled",
    "value",
    "write_example",
    "write_setting",
]
