"""Every setting, declared once: its default, its sentence, its unit and its range."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ttm.config.declaration import is_address, is_path, named, setting
from ttm.config.engines import EngineSettings
from ttm.config.narration import CacheSettings, GuardSettings, HistorySettings, TextSettings
from ttm.config.server import TIME_EXPECTED, DaemonSettings, ServerSettings, seconds
from ttm.errors import UsageError
from ttm.speech import RATE_EXPECTED, RATE_MAX, RATE_MIN, parse_rate


def _player(text: str) -> None:
    import shlex

    try:
        words = shlex.split(text)
    except ValueError:
        raise UsageError("a quotation mark is left open") from None
    if not words or "\0" in text:
        raise UsageError("no command")


@dataclass(frozen=True, slots=True)
class SaySettings:
    voice: str = setting(
        "",
        "Who speaks: a voice's name, or a recording's path where the model clones. Empty takes "
        "the model's own voice for the language.",
    )
    model: str = setting(
        "espeak",
        "The model that speaks: its name, a hub id (Owner/Name), a checkpoint's folder, or "
        "remote:NAME.",
    )
    language: str = setting(
        "auto",
        "Language of the text, as a tag or an English name (de, German). auto takes the voice's, "
        "or leaves it to a model whose voices speak several.",
    )
    rate: str = setting(
        "1.0",
        "How fast. 1.0 is the voice's usual tempo, and the same as 175wpm.",
        low=RATE_MIN,
        high=RATE_MAX,
        expects=RATE_EXPECTED,
        check=parse_rate,
    )
    pitch: float = setting(
        0.0, "Raises or lowers the voice.", unit="semitones", low=-12.0, high=12.0
    )
    volume: float = setting(
        0.0, "Makes the sound louder or softer.", unit="dB", low=-60.0, high=20.0
    )
    normalize: bool = setting(False, "Brings every result to the same loudness.")
    pause: int = setting(250, "Silence between sentences.", unit="ms", low=0, high=60_000)
    paragraph_pause: int = setting(
        600, "Silence between paragraphs.", unit="ms", low=0, high=60_000
    )
    seed: int = setting(
        -1,
        "Where random choices start: the same seed gives the same sound. -1 draws one, and where "
        "sound is kept, only once for each voice.",
        low=-1,
        high=2**32 - 1,
    )
    format: str = setting(
        "wav",
        "Sound format, where no file name's suffix says which.",
        choices=("wav", "flac", "mp3", "ogg", "opus", "pcm"),
    )
    sample_rate: int = setting(
        0,
        "Samples a second. 0 keeps the voice's own rate (24000 for pcm).",
        unit="Hz",
        low=8_000,
        high=192_000,
        choices=(0,),
    )
    bitrate: int = setting(
        0,
        "Size of compressed sound. 0 takes what is usual for the format.",
        unit="kbit/s",
        low=8,
        high=512,
        choices=(0,),
    )
    vtt_words: bool = setting(
        True, "WebVTT subtitles tell when each word begins, where the engine knows."
    )
    instruct: str = setting(
        "",
        "How to say it (whisper, in a sad voice), or what the voice is like where a model designs "
        "it. Only for models that follow instructions.",
    )
    on_error: str = setting(
        "fail",
        "When a piece of the text cannot be spoken: fail stops, skip goes on with the next.",
        choices=("fail", "skip"),
    )
    instant: bool = setting(
        False,
        "Where a model that is played has to be loaded first, espeak begins at once, and the model "
        "takes over at the end of a sentence.",
    )


@dataclass(frozen=True, slots=True)
class ModelsSettings:
    strict: bool = setting(
        True, "Never use another voice or language than the one asked for, nor another model."
    )
    fallback: str = setting(
        "none",
        "What may stand in for a model that is not here or does not load: none, mode (another of "
        "its mode), or any (after those, one of another mode). It is always said. Where strict is "
        "set to true, none may.",
        choices=("none", "mode", "any"),
    )
    keep_alive: str = setting(
        "5m",
        "How long a server keeps a model in memory after its last use. 0 lets it go at once, -1 "
        "never.",
        expects=TIME_EXPECTED,
        check=seconds,
    )
    max_loaded: int = setting(
        3,
        "So many models with a checkpoint may be in a server's memory at a time; the one that was "
        "idle longest makes room.",
        low=1,
        high=100,
    )
    dir: str = setting(
        "",
        "Folder of the checkpoints that ttm keeps. Empty takes the one in your data folder.",
        expects="a path",
        check=is_path,
    )
    endpoint: str = setting(
        "",
        "Address of the hub that models come from. Empty takes HF_ENDPOINT, else "
        "https://huggingface.co.",
        expects="an http or https address",
        check=is_address,
    )
    connect: float = setting(
        15.0,
        "A hub that has not answered for so long is given up, all attempts together.",
        unit="s",
        low=0.1,
        high=3600,
    )
    stall: float = setting(
        30.0,
        "A download without a byte for so long is asked for again.",
        unit="s",
        low=0.1,
        high=3600,
    )
    deadline: float = setting(
        86_400.0, "Time for all of a model to come.", unit="s", low=0.1, high=2_592_000
    )
    retries: int = setting(
        5,
        "Attempts after the first that may bring nothing before a download fails.",
        low=0,
        high=100,
    )


@dataclass(frozen=True, slots=True)
class RuntimeSettings:
    dir: str = setting(
        "",
        "Folder of the private environment that holds torch. Empty takes the one in your data "
        "folder.",
        expects="a path",
        check=is_path,
    )
    device: str = setting(
        "auto",
        "Which build of torch is staged. auto takes what fits the machine, and stays with what is "
        "staged.",
        choices=("auto", "cpu", "cuda", "cuda12", "rocm", "apple"),
    )
    installer: str = setting(
        "auto",
        "What installs it. auto takes uv where it is, else pip.",
        choices=("auto", "uv", "pip"),
    )
    index: str = setting(
        "",
        "URL of the index with torch's build. Empty takes PyTorch's own, or the usual sources "
        "alone where a variable such as PIP_INDEX_URL or UV_FIND_LINKS names them.",
        expects="a URL",
    )


@dataclass(frozen=True, slots=True)
class VoicesSettings:
    dir: str = setting(
        "",
        "Folder of the voices that you add. Empty takes the one in your data folder.",
        expects="a path",
        check=is_path,
    )
    max: int = setting(1000, "So many voices can be kept.", low=1, high=10_000)


@dataclass(frozen=True, slots=True)
class PlaybackSettings:
    backend: str = setting(
        "auto",
        "Through what sound is played. auto takes miniaudio, or the player where that is a command "
        "or miniaudio finds no device. none silences ttm.",
        choices=("auto", "miniaudio", "simpleaudio", "command", "none"),
    )
    player: str = setting(
        "auto",
        "The program that plays: auto, none, or a command that takes raw 16-bit mono PCM on stdin; "
        "{rate} in it becomes the sample rate. none silences every backend.",
        expects="auto, none or a command",
        check=_player,
    )
    device: str = setting(
        "",
        "The device that plays, or the beginning of its name; ttm say -d '?' lists them. null "
        "plays to nothing. Empty takes the default one.",
    )
    volume: float = setting(
        0.0, "Softens what is played, and not what is written.", unit="dB", low=-60.0, high=0.0
    )
    lead: int = setting(
        0,
        "Silence before the first sound, for devices that sleep and swallow it.",
        unit="ms",
        low=0,
        high=10_000,
    )
    tail: int = setting(0, "Silence after the last sound.", unit="ms", low=0, high=10_000)
    head_start: float = setting(
        120.0,
        "The most sound that is made ahead where a model is slower than it speaks, so that it does "
        "not stop in between.",
        unit="s",
        low=0.0,
        high=3600.0,
    )


def _tempo(text: str) -> None:
    if text:
        parse_rate(text)


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    voice: str = setting("", "Who speaks on it. Empty leaves that to say.voice.")
    model: str = setting("", "The model that speaks on it. Empty leaves that to say.model.")
    rate: str = setting(
        "",
        "How fast. Empty leaves that to say.rate.",
        expects="a rate as say.rate has it",
        check=_tempo,
    )
    priority: int = setting(
        0, "Who of those that wait speaks first: the highest.", low=-100, high=100
    )
    interrupt: bool = setting(False, "Ends what is being said, instead of waiting for it.")


@dataclass(frozen=True, slots=True)
class TuiSettings:
    theme: str = setting(
        "auto",
        "The colours. auto takes light where the terminal says that its background is, else dark.",
        choices=("auto", "dark", "light", "contrast", "contrast-light"),
    )
    mouse: bool = setting(
        True, "Clicks and the wheel work. Without it the terminal selects text by itself."
    )
    toasts: bool = setting(
        True,
        "What went wrong is shown in a corner too. Without it the line at the bottom alone says "
        "it, which is quieter for a screen reader.",
    )
    keep_draft: bool = setting(
        True, "Keeps the text of the editor on the disk, for you alone, so that it is not lost."
    )


@dataclass(frozen=True, slots=True)
class Sections:
    """All of them."""

    say: SaySettings = field(
        default_factory=SaySettings,
        metadata={"sentence": "How text is spoken, where no option says otherwise"},
    )
    text: TextSettings = field(
        default_factory=TextSettings, metadata={"sentence": "How text is read"}
    )
    guard: GuardSettings = field(
        default_factory=GuardSettings,
        metadata={"sentence": "What becomes of sound that is not what was asked for"},
    )
    cache: CacheSettings = field(
        default_factory=CacheSettings,
        metadata={"sentence": "Sound that is kept, so that nothing is spoken twice"},
    )
    history: HistorySettings = field(
        default_factory=HistorySettings,
        metadata={"sentence": "What is remembered of what was said"},
    )
    engine: EngineSettings = field(
        default_factory=EngineSettings,
        metadata={"sentence": "How long engines may take, and how they fail"},
    )
    models: ModelsSettings = field(
        default_factory=ModelsSettings, metadata={"sentence": "Which models may speak"}
    )
    runtime: RuntimeSettings = field(
        default_factory=RuntimeSettings,
        metadata={"sentence": "The neural runtime: a private environment that holds torch"},
    )
    voices: VoicesSettings = field(
        default_factory=VoicesSettings, metadata={"sentence": "The voices that you add"}
    )
    playback: PlaybackSettings = field(
        default_factory=PlaybackSettings, metadata={"sentence": "The loudspeaker"}
    )
    channels: Mapping[str, ChannelSettings] = named(
        ChannelSettings, "Names in the speaker queue, for ttm say --channel NAME"
    )
    server: ServerSettings = field(
        default_factory=ServerSettings,
        metadata={"sentence": "The server: ttm serve"},
    )
    daemon: DaemonSettings = field(
        default_factory=DaemonSettings,
        metadata={"sentence": "Whether a server speaks for a command, and which"},
    )
    tui: TuiSettings = field(
        default_factory=TuiSettings,
        metadata={"sentence": "The full-screen interface: ttm tui"},
    )
