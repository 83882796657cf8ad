"""Settings: declared once, read strictly, written without losing a comment."""

from __future__ import annotations

from ttm.config.catalogue import (
    NAMED,
    SECTIONS,
    SETTINGS,
    Setting,
    by_variable,
    every_setting,
    find,
    known,
    match,
)
from ttm.config.checking import check
from ttm.config.declaration import Value
from ttm.config.editor import edit, editor
from ttm.config.effective import Config, Origin, overlaid, settings_of, value, with_origin
from ttm.config.engines import (
    EngineSettings,
    EspeakSettings,
    HuggingfaceSettings,
    Qwen3Settings,
    RemoteSettings,
)
from ttm.config.loading import Assignment, assignment, default_path, load
from ttm.config.narration import (
    CacheSettings,
    GuardSettings,
    HistorySettings,
    RuleSettings,
    TextSettings,
)
from ttm.config.sample import example
from ttm.config.sections import (
    ChannelSettings,
    ModelsSettings,
    PlaybackSettings,
    RuntimeSettings,
    SaySettings,
    TuiSettings,
    VoicesSettings,
)
from ttm.config.server import DaemonSettings, ServerSettings, seconds
from ttm.config.unsetting import unset_setting
from ttm.config.values import expected, spelled
from ttm.config.writing import write_example, write_setting

__all__ = [
    "NAMED",
    "SECTIONS",
    "SETTINGS",
    "Assignment",
    "CacheSettings",
    "ChannelSettings",
    "Config",
    "DaemonSettings",
    "EngineSettings",
    "EspeakSettings",
    "GuardSettings",
    "HistorySettings",
    "HuggingfaceSettings",
    "ModelsSettings",
    "Origin",
    "PlaybackSettings",
    "Qwen3Settings",
    "RemoteSettings",
    "RuleSettings",
    "RuntimeSettings",
    "SaySettings",
    "ServerSettings",
    "Setting",
    "TextSettings",
    "TuiSettings",
    "Value",
    "VoicesSettings",
    "assignment",
    "by_variable",
    "check",
    "default_path",
    "edit",
    "editor",
    "every_setting",
    "example",
    "expected",
    "find",
    "known",
    "load",
    "match",
    "overlaid",
    "seconds",
    "settings_of",
    "spelled",
    "unset_setting",
    "value",
    "with_origin",
    "write_example",
    "write_setting",
]
