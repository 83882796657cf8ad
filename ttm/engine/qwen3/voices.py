"""Who speaks with a checkpoint, and in which languages."""

from __future__ import annotations

from ttm.engine.qwen3.dimensions import Dimensions
from ttm.errors import UnknownName, did_you_mean
from ttm.models.speakers import TAGS, speakers
from ttm.speech import Voice

ALSO = {"cmn": "zh", "zho": "zh"}


def voices(dimensions: Dimensions, model: str) -> list[Voice]:
    """The speakers of a custom-voice checkpoint, the one voice of a voice-design one; a `base`
    checkpoint has none of its own."""
    mode, names = dimensions.tts_model_type, dimensions.talker_config.spk_id
    return speakers(mode, names, dimensions.languages, model)


def language(dimensions: Dimensions, asked: str) -> str:
    """The checkpoint's name of a language; `auto` for none.

    `asked` is a BCP-47 tag, an English name or a dialect of the checkpoint. Raises UnknownName.
    """
    word = asked.strip().casefold().replace("_", "-")
    if word in ("", "auto", "und"):
        return "auto"
    primary = word.split("-")[0]
    names = dimensions.talker_config.codec_language_id
    for name in (word, word.replace("-", "_"), TAGS.get(ALSO.get(primary, primary), "")):
        if name in names:
            return name
    known = ", ".join(dimensions.languages)
    hint = did_you_mean(word, names) or f"it speaks {known}"
    raise UnknownName(f"the model does not speak '{asked[:40]}'", hint)
