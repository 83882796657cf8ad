"""Who would speak a text and how, each with where that comes from; loads no model."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import fields
from functools import partial
from types import TracebackType
from typing import NamedTuple, Self

from ttm.cli.engines import spelled_out
from ttm.cli.extent import Extent
from ttm.cli.source import begin, read
from ttm.cli.voice import choose, described
from ttm.config import Config, settings_of
from ttm.errors import NothingToSpeak
from ttm.narration import explanation, outlook
from ttm.narration.explanation import Piece, Totals
from ttm.narration.narrator import Narrator
from ttm.speech import USUAL_TEMPO, parse_rate
from ttm.text.cleaning import Cleaner
from ttm.text.marks import Delivery
from ttm.text.markup import Opening

CODE = {"skip": "passed over", "announce": "announced", "read": "read"}
"""What becomes of code blocks, by the setting."""


class Row(NamedTuple):
    """One thing that is decided before anything is said."""

    name: str
    value: str
    origin: str
    """Where that comes from: `default`, a file and its line, a variable, an option, or a reason."""


class Forecast:
    """Everything that `ttm explain` knows before it reads on, and the pieces that it then reads.

    `words`, `files` and `form` say where the text is and how it is written; `transcript`, what is
    said in a recording. Raises what speaking the text would raise before a sound.
    """

    def __init__(
        self,
        config: Config,
        words: Sequence[str],
        files: Sequence[str],
        form: str,
        transcript: str,
    ) -> None:
        self.config = config
        self.totals = Totals()
        self.warnings: list[str] = []
        self._cleaner = Cleaner()
        self._narrator = narrator = Narrator(config)
        try:
            pieces = read(words, files, config.text, Extent(), form)
            begun, sample, told = begin(pieces, narrator.reading("text", "en"))
            self._text = itertools.chain(begun, pieces)
            opened = [piece.form for piece in begun if isinstance(piece, Opening)]
            self._form = opened[-1] if opened else "text"
            self._form_from = "--input-format" if form != "auto" else "its name"
            name = config.say.model
            self.warnings += filter(None, [narrator.foresee(name)])
            self.model, self.engine = narrator.model(name), narrator.card(name)
            self.instruct, ignored = narrator.instruction(name)
            choice = choose(narrator, config, sample, transcript, told)
            self.voice, self.language = choice.voice, choice.language
            self._choice = choice
            self.effective, unready = outlook.effective(self.engine, config)
            self.warnings += filter(None, [ignored, choice.warning, unready])
        except BaseException:
            narrator.close()
            raise

    def rows(self) -> Iterator[Row]:
        """What was decided, and why."""
        say, text, origin = self.config.say, self.config.text, self._origin
        if self._form != "text":
            yield Row("read as", self._form, self._form_from)
        if self._form in ("markdown", "html"):
            yield Row("code", CODE[text.code], origin("text.code"))
        yield Row("model", self.model.name, origin("say.model"))
        yield Row("engine", self.engine.sentence, "the model's")
        if self.effective:
            section = f"engine.{self.engine.name}"
            keys = [each.key for each in settings_of(self.config)]
            own = [key for key in keys if key.startswith(section + ".")]
            set_ = [origin(key) for key in own if self.config.origin(key).kind != "default"]
            told = ", ".join(dict.fromkeys(set_)) or "default"
            yield Row("runs on", spelled_out(self.effective), told)
        yield Row("voice", described(self.voice), self._choice.voice_from)
        yield Row("language", self.language, self._choice.language_from)
        rate = parse_rate(say.rate)
        yield Row(
            "rate", f"{rate:g}, about {rate * USUAL_TEMPO:.0f} words a minute", origin("say.rate")
        )
        if say.pitch:
            yield Row("pitch", f"{say.pitch:+g} semitones", origin("say.pitch"))
        if say.volume:
            yield Row("volume", f"{say.volume:+g} dB", origin("say.volume"))
        if self.instruct:
            yield Row("instruct", self.instruct, origin("say.instruct"))
        yield Row("pause", f"{say.pause} ms between sentences", origin("say.pause"))
        between = f"{say.paragraph_pause} ms between paragraphs"
        yield Row("", between, origin("say.paragraph_pause"))
        seed = "drawn anew each time" if say.seed < 0 else str(say.seed)
        yield Row("seed", seed, origin("say.seed"))
        yield Row("wording", self._wording(), origin("text.normalize"))
        for rule in fields(text.rules):
            if not getattr(text.rules, rule.name):
                yield Row("", f"without {rule.name}", origin(f"text.rules.{rule.name}"))
        yield Row("budget", f"{self.engine.budget} characters a piece", "the engine's")

    def pieces(self) -> Iterator[Piece]:
        """What would be said of the text; counted in `totals`. Raises NothingToSpeak, and
        UnreadableText."""
        name = self.config.say.model
        chunks = self._narrator.plan(
            self._text,
            model=name,
            language=self.language,
            cleaner=self._cleaner,
            warn=self._warn,
        )
        yield from explanation.explain(
            chunks,
            self.totals,
            self.config.say,
            budget=self.engine.budget,
            phonemes=partial(self._phonemes, name),
        )
        if not self.totals.pieces:
            raise NothingToSpeak("there is nothing to speak in the text")

    @property
    def removed(self) -> int:
        """Characters taken out so far that cannot be spoken."""
        return self._cleaner.removed

    def _warn(self, sentence: str) -> None:
        if sentence not in self.warnings:
            self.warnings.append(sentence)

    def _phonemes(self, model: str, words: str, delivery: Delivery | None) -> str:
        return self._narrator.phonemes(model, words, self.voice, delivery)

    def _wording(self) -> str:
        wanted = self.config.text.normalize
        if wanted == "auto" and self.engine.reads:
            return "as it is written: the engine reads numbers and the like by itself"
        return "as it is written" if wanted == "off" else "numbers and the like in words"

    def _origin(self, key: str) -> str:
        return self.config.origin(key).told

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        failure: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._narrator.close()
