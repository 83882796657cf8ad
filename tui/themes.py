"""The colours: dark, light, and two for eyes that need contrast.

What each variable is for stands in app.tcss.
"""

from __future__ import annotations

from collections.abc import Mapping

from textual.theme import Theme

DARK = Theme(
    name="ttm-dark",
    dark=True,
    background="#14161b",
    surface="#1a1d24",
    panel="#222630",
    foreground="#d8dbe2",
    primary="#82a9d0",
    secondary="#8db8a4",
    accent="#e3b968",
    success="#8fc08a",
    warning="#e3a857",
    error="#e08080",
    variables={
        "quiet": "#8a91a0",
        "rule": "#323845",
        "lit-sentence": "#26303d",
        "lit-word": "#e3b968",
        "lit-word-text": "#14161b",
        "wave": "#5c6c80",
        "wave-played": "#82a9d0",
        "wave-mark": "#e3b968",
        "chosen": "#2b3645",
        "chosen-text": "#eef1f6",
    },
)

LIGHT = Theme(
    name="ttm-light",
    dark=False,
    background="#fbfaf7",
    surface="#f4f2ec",
    panel="#eae7df",
    foreground="#24272d",
    primary="#2c5d8a",
    secondary="#2f6b54",
    accent="#8a5a00",
    success="#2f6e37",
    warning="#8a5200",
    error="#a8323a",
    variables={
        "quiet": "#696e78",
        "rule": "#d3cfc4",
        "lit-sentence": "#e4ecf4",
        "lit-word": "#f2cf83",
        "lit-word-text": "#24272d",
        "wave": "#a9b4c0",
        "wave-played": "#2c5d8a",
        "wave-mark": "#8a5a00",
        "chosen": "#d8e4f0",
        "chosen-text": "#14202c",
    },
)

CONTRAST = Theme(
    name="ttm-contrast",
    dark=True,
    background="#000000",
    surface="#000000",
    panel="#1c1c1c",
    foreground="#ffffff",
    primary="#ffff00",
    secondary="#00ffff",
    accent="#ffff00",
    success="#00ff00",
    warning="#ffb000",
    error="#ff7070",
    text_alpha=1.0,
    variables={
        "quiet": "#ffffff",
        "rule": "#ffffff",
        "lit-sentence": "#003a6e",
        "lit-word": "#ffff00",
        "lit-word-text": "#000000",
        "wave": "#a0a0a0",
        "wave-played": "#ffffff",
        "wave-mark": "#ffff00",
        "chosen": "#ffff00",
        "chosen-text": "#000000",
    },
)

CONTRAST_LIGHT = Theme(
    name="ttm-contrast-light",
    dark=False,
    background="#ffffff",
    surface="#ffffff",
    panel="#e6e6e6",
    foreground="#000000",
    primary="#00309c",
    secondary="#004d40",
    accent="#00309c",
    success="#004d00",
    warning="#6b3a00",
    error="#9c0000",
    text_alpha=1.0,
    variables={
        "quiet": "#000000",
        "rule": "#000000",
        "lit-sentence": "#cfe4ff",
        "lit-word": "#00309c",
        "lit-word-text": "#ffffff",
        "wave": "#606060",
        "wave-played": "#000000",
        "wave-mark": "#00309c",
        "chosen": "#00309c",
        "chosen-text": "#ffffff",
    },
)

THEMES = {
    "dark": DARK,
    "light": LIGHT,
    "contrast": CONTRAST,
    "contrast-light": CONTRAST_LIGHT,
}
"""By the names that `tui.theme` takes."""

LIGHT_GROUNDS = ("7", "15")
"""Backgrounds in COLORFGBG that are light: white, and bright white."""


def chosen_theme(name: str, environ: Mapping[str, str]) -> Theme:
    """The theme of this name as `tui.theme` has it; without colours, one that does without."""
    if environ.get("NO_COLOR"):
        return CONTRAST
    if name == "auto":
        ground = environ.get("COLORFGBG", "").rpartition(";")[2]
        return LIGHT if ground in LIGHT_GROUNDS else DARK
    return THEMES[name]
