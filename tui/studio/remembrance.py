"""What a speech of the interface leaves in the history."""

from __future__ import annotations

from ttm.config import Config
from ttm.narration.history import TEXT_MAX, Said, open_history, unusual
from ttm.narration.report import Report


def remember(
    config: Config, text: str, report: Report, began: float, code: int, play: bool
) -> None:
    """Note it as the settings have it. `began`: seconds since 1970. Raises OutputError."""
    kept = config.history
    if kept.keep == "off":
        return
    history = open_history(config)
    fingerprint = history.fingerprint()
    fingerprint.add(text)
    full = kept.keep == "full"
    history.add(
        Said(
            time=round(began, 3),
            model=report.model,
            voice=report.voice,
            language=report.language,
            seed=report.seed,
            characters=len(text),
            seconds=round(report.seconds, 3),
            digest=str(fingerprint),
            played=play,
            exit=code,
            settings=unusual(config.say, full=full),
            text=text if full and len(text) <= TEXT_MAX else None,
        )
    )
