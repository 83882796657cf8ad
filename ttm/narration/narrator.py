"""Owns the workers and the voices; every door speaks through a Narrator."""

from __future__ import annotations

import contextlib
import copy
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

from ttm import voices as library
from ttm.config import Config
from ttm.engine import EngineCard
from ttm.errors import (
    BadVoice,
    ConfigError,
    EngineHung,
    EngineUnavailable,
    ModelError,
    OutputError,
    UsageError,
)
from ttm.models.status import ModelStatus
from ttm.models.store import Model
from ttm.narration import casting, keys, ladder, outlook
from ttm.narration.fatal import Fatal
from ttm.narration.manner import Manners, understudy
from ttm.narration.memory import Memory, job_seed, keeps
from ttm.narration.narration import Narration
from ttm.narration.opening import (
    find_model,
    lexicon_path,
    open_cache,
    open_library,
    open_worker,
    runtime_root,
)
from ttm.narration.plan import Chunk, plan
from ttm.narration.report import Report
from ttm.speech import Speech, Voice, parse_rate
from ttm.text.cleaning import Cleaner
from ttm.text.lexicon import Lexicon, Pronunciation
from ttm.text.lexicon.shelf import Shelf
from ttm.text.marks import Delivery
from ttm.text.markup import Code, Form, Opening, Reading
from ttm.text.wording import Wording
from ttm.voices import primary
from ttm.worker.client import Worker


class Narrator:
    """Owns the workers; the one thing that doors speak through.

    Not for several threads at once. `close()`, or leaving the `with` block, ends the workers.
    `loading` hears which model is being loaded, what of it, and how much of that is there from
    0 to 1.
    """

    def __init__(
        self, config: Config, *, loading: Callable[[str, str, float], None] | None = None
    ) -> None:
        self._config = config
        self._loading = loading
        self._models: dict[str, tuple[Model, EngineCard]] = {}
        self._workers: dict[tuple[str, Path | None, str], Worker] = {}
        self._voices: dict[str, list[Voice]] = {}
        self._shelf = Shelf()
        self._fatal = Fatal()
        self.library = open_library(config)
        """The voices that the user keeps."""

    def model(self, name: str) -> Model:
        """The model of this name.

        Raises UnknownModel or UsageError, ModelError for one that is not here, and BadCheckpoint
        for a folder that holds none.
        """
        return self._found(name)[0]

    def card(self, model: str) -> EngineCard:
        """What is known of the model's engine. Raises what `model` raises."""
        return self._found(model)[1]

    def settle(self, model: str) -> str:
        """Decide what speaks for this name; a warning when another model stands in for it.

        Where the settings let one, that is known once it is loaded. Raises what `model` raises,
        RuntimeMissing, and what loading raises, when nothing may or can stand in.
        """
        if (fallback := ladder.allowed(self._config)) == "none":
            self._worker(model)
            return ""
        try:
            self.load(model)
            return ""
        except (ModelError, EngineHung) as failure:
            for entry in ladder.rungs(model, self._models.get(model), fallback):
                with contextlib.suppress(ModelError, EngineHung):
                    self.load(entry.name)
                    self._models[model] = self._models[entry.name]
                    return f"{failure.what}; {entry.name} stands in for it"
            raise

    def load(self, model: str) -> None:
        """Load the model's engine, and wait for it. Raises what `start` and the engine raise."""
        self._worker(model).load()

    def status(self, model: str) -> ModelStatus:
        """What speaks for this name, and how. Raises what `model` raises."""
        strict = ladder.allowed(self._config) == "none"
        return ladder.status(model, self.model(model), self._worker(model), strict=strict)

    def loaded(self) -> list[ModelStatus]:
        """Every model that is in memory, and how; from any thread, without waiting."""
        strict = ladder.allowed(self._config) == "none"
        found = []
        for name, (model, engine) in list(self._models.items()):
            worker = self._workers.get((engine.name, model.folder, model.server))
            if worker and worker.ready:
                found.append(ladder.status(name, model, worker, strict=strict))
        return found

    def start(self, model: str) -> None:
        """Begin to load the model's engine, without waiting for it.

        Raises what `model` raises, and EngineUnavailable.
        """
        self._worker(model).start()

    def voices(self, model: str) -> list[Voice]:
        """Who can speak with this model; each voice but the variants has a language.

        Empty for a model that speaks with the voices of recordings alone.
        """
        if model not in self._voices:
            voices = [
                voice
                if voice.languages or voice.name.startswith(library.VARIANT)
                else replace(voice, languages=("und",))
                for voice in self._worker(model).voices()
            ]
            found, engine = self._found(model)
            if not any(voice.languages for voice in voices) and not engine.clones:
                raise EngineUnavailable(f"engine '{engine.name}' has no voices")
            if engine.checkpoint:  # whose engine does not know what its user calls it
                voices = [replace(voice, model=found.name) for voice in voices]
            self._voices[model] = voices
        return self._voices[model]

    def foresee(self, model: str) -> str:
        """Have `voices` and `voice` answer for this model without loading it or asking its server:
        from the files of its checkpoint and the settings, where these tell, else whatever voice is
        asked for. Nothing is to be spoken afterwards.

        Returns a warning when another model would stand in. Raises what `model` raises.
        """
        warning = ""
        try:
            found, engine = self._found(model)
        except ModelError as failure:
            fallback = ladder.allowed(self._config)
            for entry in ladder.rungs(model, None, fallback) if fallback != "none" else ():
                with contextlib.suppress(ModelError):
                    found, engine = self._models[model] = self._found(entry.name)
                    warning = f"{failure.what}; {entry.name} would stand in for it"
                    break
            else:
                raise
        if engine.checkpoint or engine.named:
            self._voices[model] = outlook.voices(found, self._config)
        return warning

    def voice(
        self, model: str, name: str, language: str = "", *, transcript: str = ""
    ) -> tuple[Voice, str]:
        """The voice for a request, and a warning when it is not what was asked for.

        `name` may be one of the library, or the path of a recording, of which `transcript` is what
        is said in it. Raises UnknownName or UsageError when there is none and `models.strict`
        holds, and BadVoice for a voice of the library that is damaged.
        """
        found, engine = self._found(model)
        if voice := casting.without_looking(found, engine, self.library, name, transcript):
            return voice, ""
        voices = self.voices(model)
        try:
            voice = casting.cast(found, engine, voices, self.library, name, language, transcript)
            warning = ""
        except UsageError as failure:
            if self._config.models.strict or not voices:
                raise
            voice = casting.first(voices)
            warning = f"{failure.what}; '{voice.name}' speaks instead"
        if transcript and not voice.recording:
            raise UsageError(
                "what is said in a recording was given, and no recording",
                "Name the recording with --voice FILE",
            )
        return voice, warning

    def instruction(self, model: str) -> tuple[str, str]:
        """The settings' instruction for this model, and a warning when it has no use for it.

        Raises UsageError when it has no use for one that came with an option.
        """
        wanted = self._config.say.instruct.strip()
        if not wanted or self.card(model).instructs:
            return wanted, ""
        what = f"model '{self.model(model).name}' does not follow instructions"
        if self._config.origin("say.instruct").kind == "flag":
            raise UsageError(what, "Leave out --instruct, or take a model such as qwen3:1.7b")
        return "", f"{what}, so say.instruct has no effect"

    def phonemes(self, model: str, text: str, voice: Voice, delivery: Delivery | None) -> str:
        """The text in IPA, as the voice says it so; empty where the model's engine cannot tell.

        Raises what speaking raises.
        """
        if not self.card(model).phonetic:
            return ""
        speech = Speech(text, voice.name)
        if delivery:
            report = Report(model, voice.name, "", 0)
            speech = self._cast(model, voice, speech, report, delivery)
        return self._worker(model).phonemes(text, speech.voice)

    def plan(
        self,
        pieces: Iterable[str | Opening],
        *,
        model: str,
        language: str,
        form: Form = "text",
        voice: str = "",
        lexicon: Lexicon | None = None,
        follow: bool = False,
        cleaner: Cleaner | None = None,
        warn: Callable[[str], None] = lambda sentence: None,
    ) -> Iterator[Chunk]:
        """What this model is to be asked for to speak a text of that language, a BCP-47 tag.

        As `ttm.narration.plan.plan`, read and worded as the settings have it for that voice, and
        with `lexicon`, else that of the settings. `form`: how the text is written. Raises what
        `model` and `lexicon` raise, UsageError for a voice that the text asks for and that there is
        not, and UnreadableText for markup that is wrong.
        """
        words = self.lexicon() if lexicon is None else lexicon
        said = words.spoken(language, voice, self.model(model).name) if words else None
        return plan(
            pieces,
            language=primary(language),
            budget=self.card(model).budget,
            follow=follow,
            cleaner=cleaner,
            reword=self._wording(model, said),
            reading=self.reading(form, language, follow=follow),
            cast=partial(self._named, model),
            warn=warn,
        )

    def reading(self, form: Form, language: str, *, follow: bool = False) -> Reading:
        """How the settings have a text read that is written so, in a language."""
        say, text = self._config.say, self._config.text
        return Reading(
            form,
            language=language,
            own_language=not say.voice and say.language == "auto",
            code=cast(Code, text.code),
            strict=text.strict,
            pauses=text.pauses,
            phonemes=text.phonemes,
            follow=follow,
        )

    def _named(self, model: str, delivery: Delivery) -> Delivery:
        """The delivery with the language of the voice that it names."""
        if not delivery.voice:
            return delivery
        if library.is_recording(delivery.voice):  # a text may come from anybody
            raise UsageError("the text names a file as its voice", "Name a voice in it")
        voice, _ = self.voice(model, delivery.voice, delivery.language)
        known = delivery.language or self.card(model).multilingual
        return delivery if known else replace(delivery, language=voice.languages[0])

    def _cast(
        self, model: str, usual: Voice, speech: Speech, report: Report, wanted: Delivery
    ) -> Speech:
        """What a delivery makes of a speech; whom it asks for in vain is told in the report."""
        voice, note = usual, ""
        several = self.card(model).multilingual
        if wanted.voice:
            voice, note = self.voice(model, wanted.voice, wanted.language)
        elif wanted.gender or (wanted.language and not several):
            language = "" if several else wanted.language
            voice, lacking = understudy(self.voices(model), usual, language, wanted.gender)
            name = self.model(model).name
            note = f"model '{name}' has no voice {lacking}; '{voice.name}' speaks" * bool(lacking)
        if note and note not in report.notes:
            report.notes.append(note)
        language = wanted.language or speech.language
        if not several:
            language = voice.languages[0]
        if voice is usual:
            return replace(speech, language=language)
        return replace(
            speech,
            voice="" if voice.recording else voice.name,
            language=language,
            recording=voice.recording,
            transcript=voice.transcript,
        )

    def lexicon(self, more: Sequence[Path] = (), *, own: bool = True) -> Lexicon:
        """How words are said: as the settings' file has it (`own`), and more files, if they are
        there. Raises ConfigError for one that is wrong, and for the settings' when it is not."""
        mine = lexicon_path(self._config) if own else None
        if mine and self._config.text.lexicon and not mine.exists():
            what = f"{mine}, which text.lexicon names, does not exist"
            raise ConfigError(what, "`ttm lexicon add` writes it")
        return self._shelf.lexicon([mine, *more] if mine else more)

    def _wording(self, model: str, said: Pronunciation | None) -> Wording:
        text = self._config.text
        wanted = text.normalize == "on" or (text.normalize == "auto" and not self.card(model).reads)
        off = [rule.name for rule in fields(text.rules) if not getattr(text.rules, rule.name)]
        return Wording(normalized=wanted, off=off, said=said)

    def narrate(
        self,
        chunks: Iterable[Chunk],
        *,
        voice: Voice,
        model: str,
        follow: bool = False,
        ahead: bool = False,
        unheard: bool = False,
        seed: int | None = None,
        since: float | None = None,
    ) -> Narration:
        """Speak a plan's chunks with the settings' rate, pitch, volume, pauses and seed.

        `seed`: another than the settings'. Where neither says one, it is drawn: where sound is
        kept, once for this model, voice and manner.
        `follow`: each pause comes with the chunk before it, so that what is said is out at once.
        `ahead`: the next chunks are there without waiting, so the engine may begin with them.
        `unheard`: nobody listens before all of it is there, so it may begin with several, and each
        chunk is passed on once it was judged.
        `since`: when that began of which this is a part, in seconds of the epoch; what was kept
        after that is not thrown away to make room for this.
        """
        say = self._config.say
        found, engine = self._found(model)
        speech = self._speech(voice, model)
        notes = self.keep_prompt(voice, model)
        cache = open_cache(self._config)
        base, who = None, None
        if keeps(engine, self._config.cache):
            base, who = self._base(model), self._who(model, speech)
        if seed is None:
            seed = say.seed if say.seed >= 0 else int.from_bytes(os.urandom(4))
            if base is not None and who is not None and say.seed < 0:
                seed = job_seed(cache, keys.seed(base, speech, who), seed)
        speech = replace(speech, seed=seed)
        report = Report(
            found.name, voice.name, speech.language or "auto", seed, engine.name, notes=notes
        )
        worker = self._worker(model)
        return Narration(
            worker,
            engine,
            chunks,
            Manners(speech, engine, partial(self._cast, model, voice, speech, report)),
            report,
            self._config,
            follow=follow,
            foresight=(engine.foresight_unheard if unheard else engine.foresight) if ahead else 0,
            held=unheard,
            fatal=self._fatal,
            memory=Memory(
                cache,
                base,
                worker,
                since=time.time() if since is None else since,
                note=report.note,
            ),
        )

    def fingerprint(self, voice: Voice, model: str) -> str:
        """Of all that a narration's sound hangs on but the text, as it was asked for; empty where
        that cannot be told. Raises what `narrate` raises."""
        speech = self._speech(voice, model)
        base, who = self._base(model), self._who(model, speech)
        if base is None or who is None:
            return ""
        return keys.chunk(keys.shared(base, {}), speech, who)

    def _speech(self, voice: Voice, model: str) -> Speech:
        """How this voice is to speak, without words and seed."""
        say, engine = self._config.say, self.card(model)
        asked = "" if say.language == "auto" else say.language
        return Speech(
            text="",
            voice="" if voice.recording else voice.name,
            language=asked if engine.multilingual else voice.languages[0],
            rate=parse_rate(say.rate),
            pitch=say.pitch,
            volume=say.volume,
            instruct=self.instruction(model)[0],
            recording=voice.recording,
            transcript=voice.transcript,
        )

    def _base(self, model: str) -> dict[str, Any] | None:
        """What the sound of all chunks hangs on; None where it cannot be read, of which the engine
        will tell."""
        found, engine = self._found(model)
        try:
            return keys.base(
                found,
                engine,
                self._worker(model).options,
                runtime_root(self._config),
                judged=self._config.guard.enabled,
            )
        except OSError:
            return None

    def _who(self, model: str, speech: Speech) -> dict[str, str] | None:
        """The same of who speaks."""
        try:
            return keys.voice(self._worker(model).options, speech)
        except (OSError, BadVoice):
            return None

    def keep_prompt(self, voice: Voice, model: str) -> list[str]:
        """Have the model make of a voice of the library what it speaks with, where that is not kept
        yet, so that it is made once; notes for the user.

        Waits for the model. Raises what speaking with it raises.
        """
        if voice.source not in ("cloned", "designed"):
            return []
        made = self._worker(model).prompt(voice.recording, voice.transcript)
        if not made[0]:
            return []
        try:
            self.library.keep_prompt(Path(voice.recording), *made)
        except OutputError as failure:
            return [f"the voice is made anew each time: {failure.what}"]
        except ValueError:
            return ["the voice is made anew each time: what the engine made cannot be kept"]
        return []

    def under(self, config: Config) -> Narrator:
        """The same models and workers under other settings of `[say]`; this one is to be closed."""
        other = copy.copy(self)
        other._config = config
        return other

    def stop(self) -> None:
        """Cancel what is being loaded or spoken, from any thread."""
        for worker in list(self._workers.values()):
            worker.stop()

    def close(self) -> None:
        """End every worker."""
        for worker in self._workers.values():
            worker.close()
        self._workers.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        failure: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _found(self, name: str) -> tuple[Model, EngineCard]:
        if name not in self._models:
            self._models[name] = find_model(name, self._config)
        return self._models[name]

    def _worker(self, name: str) -> Worker:
        model, engine = self._found(name)
        key = (engine.name, model.folder, model.server)
        if key not in self._workers:
            loading = self._loading and partial(self._loading, model.title)
            self._workers[key] = open_worker(
                engine, self._config, model.folder, model.server, loading=loading
            )
        return self._workers[key]
