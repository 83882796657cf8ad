"""Who speaks: the voice that a name, a recording or a language means for a model."""

from __future__ import annotations

import os
from collections.abc import Sequence

from ttm import voices as library
from ttm.engine import EngineCard
from ttm.errors import UsageError, did_you_mean
from ttm.models.store import Model
from ttm.speech import Voice
from ttm.voices.library import Library


def without_looking(
    model: Model, engine: EngineCard, saved: Library, name: str, transcript: str = ""
) -> Voice | None:
    """The voice, where it is known without the model's own: one of the user's library, or that of
    a recording.

    Raises UsageError for a recording that is not there, or that was needed and not named, and
    BadVoice for a voice whose file is damaged.
    """
    if not engine.clones or not model.clones:
        return None
    # A checkpoint for recordings has no voices of its own; it need not be asked for them.
    only = bool(model.mode)
    if library.is_recording(name):
        return library.recorded(name, transcript)
    if saved.find(name):
        if transcript:
            raise UsageError(f"voice '{name}' brings its own text", "Leave out --voice-text")
        return saved.voice(name)
    if only and name and os.path.exists(name):
        return library.recorded(name, transcript)
    if only and name:
        yours = [Voice(each, ("und",), model=model.name) for each in saved.names()]
        if not yours:
            raise UsageError(
                f"model '{model.name}' speaks with the voice of a recording, and '{name}' is none",
                "Give one with --voice FILE, or keep one with `ttm voices add`",
            )
        return saved.voice(library.find(yours, name).name)
    if only:
        raise _recording_needed(model)
    return None


def cast(
    model: Model,
    engine: EngineCard,
    voices: Sequence[Voice],
    saved: Library,
    name: str,
    language: str,
    transcript: str,
) -> Voice:
    """The voice among the model's own, else that of a recording.

    Raises UnknownName or UsageError when there is none, or when it is one of the user's library
    and the model does not clone.
    """
    clones = engine.clones and model.clones
    if not clones and saved.find(name) and not library.exactly(voices, name):
        raise UsageError(
            f"'{name}' is a cloned voice, and model '{model.name}' cannot clone",
            "Take a model that does, such as qwen3:0.6b-base",
        )
    try:
        return _own(model, engine, voices, name, language)
    except UsageError:
        if clones and name and os.path.exists(name):
            return library.recorded(name, transcript)
        if not clones and library.is_recording(name):
            raise UsageError(
                f"model '{model.name}' does not speak with the voices of recordings",
                "Take one that does, such as qwen3:0.6b-base, or name one of its voices",
            ) from None
        raise


def first(voices: Sequence[Voice]) -> Voice:
    """Who speaks where nothing was asked for: somebody English, if there is one."""
    return library.for_language(voices, "en") or voices[0]


def _own(
    model: Model, engine: EngineCard, voices: Sequence[Voice], name: str, language: str
) -> Voice:
    """The voice of this name or for this language among the model's own."""
    if not voices:
        raise _recording_needed(model)
    if not name and engine.multilingual:
        return library.native(voices, language or "en") or first(voices)
    if not name:
        return _for_language(model, voices, language) if language else first(voices)
    voice = library.find(voices, name)
    # A tone's `und` says that it has no language, so none is wrong.
    free = engine.multilingual or "und" in voice.languages
    if language and not free and not library.speaks(voice, language):
        raise UsageError(
            f"voice '{voice.name}' speaks {voice.languages[0]}, not {language}",
            "Leave out --voice or --language",
        )
    return voice


def _for_language(model: Model, voices: Sequence[Voice], language: str) -> Voice:
    if voice := library.for_language(voices, language):
        return voice
    names = [tag for voice in voices for tag in (*voice.languages, voice.description)]
    raise UsageError(
        f"model '{model.name}' has no voice for language '{language}'",
        did_you_mean(language, names) or "`ttm voices list` shows the languages",
    )


def _recording_needed(model: Model) -> UsageError:
    return UsageError(
        f"model '{model.name}' speaks with the voice of a recording",
        "Give one with --voice FILE, or a voice that you added (`ttm voices list`)",
    )
