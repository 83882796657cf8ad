"""The settings of engines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ttm.config.declaration import is_address, is_device, is_path, named, setting
from ttm.errors import UsageError


def _voices(table: dict[str, Any]) -> None:
    if not all(isinstance(name, str) and name for pair in table.items() for name in pair):
        raise UsageError("not from names to names")


@dataclass(frozen=True, slots=True)
class EspeakSettings:
    library: str = setting(
        "",
        "Path of a libespeak-ng to use. Empty takes the one that comes with ttm.",
        expects="a path",
        check=is_path,
    )
    data: str = setting(
        "",
        "Folder of that library's espeak-ng-data. Empty takes the one that comes with ttm.",
        expects="a path",
        check=is_path,
    )
    intonation: int = setting(50, "How far the melody moves. 0 is flat.", low=0, high=99)
    word_gap: int = setting(0, "Extra silence between words.", unit="ms", low=0, high=1_000)


@dataclass(frozen=True, slots=True)
class Qwen3Settings:
    device: str = setting(
        "auto",
        "What computes. auto takes the first of cuda, mps and cpu that is there.",
        expects="auto, cpu, cuda, cuda:N or mps",
        check=is_device,
    )
    dtype: str = setting(
        "auto",
        "Numbers that it computes with. auto takes what is quick and sound on the device.",
        choices=("auto", "float32", "bfloat16", "float16"),
    )
    quantize: str = setting(
        "auto",
        "How weights are made smaller. int8 is for a CPU, faster and not exact; auto takes "
        "it there unless dtype says otherwise. int4-predictor is faster still and further off.",
        choices=("auto", "none", "int8", "int4-predictor"),
    )
    keep_packed: bool = setting(
        True,
        "Keeps the smaller weights on disk, 0.6 GB for a 0.6B model, so that they are not made "
        "again at every start.",
    )
    threads: int = setting(
        0, "Threads that compute on a CPU. 0 takes as many as there are cores.", low=0, high=1024
    )
    graphs: bool = setting(
        True,
        "Captures what a CUDA device does for a frame and replays it, which spares it most of the "
        "waiting and takes half a gigabyte.",
    )
    temperature: float = setting(
        -1.0,
        "How freely it speaks. 0 always takes the likeliest; -1 is the checkpoint's own, "
        "usually 0.9.",
        low=0.0,
        high=5.0,
        choices=(-1,),
    )
    top_k: int = setting(
        -1,
        "Draws among so many of the likeliest. 0 draws among all; -1 is the checkpoint's own, "
        "usually 50.",
        low=0,
        high=10_000,
        choices=(-1,),
    )
    top_p: float = setting(
        -1.0,
        "Draws among the likeliest that have this share of the probability together. 1 draws "
        "among all; -1 is the checkpoint's own, usually 1.",
        low=0.001,
        high=1.0,
        choices=(-1,),
    )
    repetition_penalty: float = setting(
        -1.0,
        "How far it keeps away from sounds that it has made already. 1 is not at all; -1 is the "
        "checkpoint's own, usually 1.05.",
        low=1.0,
        high=10.0,
        choices=(-1,),
    )
    max_seconds: float = setting(
        0.0,
        "How long a piece of the text may last. 0 allows more the longer the text is.",
        unit="s",
        low=1.0,
        high=655.0,
        choices=(0,),
    )
    chunk_frames: tuple[int, ...] = setting(
        (1, 2, 4),
        "Frames of 80 ms that are decoded at a time, one number after the other and the last for "
        "ever: small ones are heard soon, large ones cost less.",
        low=1,
        high=100,
    )


@dataclass(frozen=True, slots=True)
class HuggingfaceSettings:
    device: str = setting(
        "auto",
        "What computes. auto takes cuda where it is there, else the CPU.",
        expects="auto, cpu, cuda, cuda:N or mps",
        check=is_device,
    )
    threads: int = setting(
        0,
        "Threads that compute on a CPU. 0 leaves it to torch, which takes one for each core.",
        low=0,
        high=1024,
    )
    temperature: float = setting(
        -1.0,
        "How freely it speaks, where the model draws at random. -1 is the checkpoint's own.",
        low=0.0,
        high=5.0,
        choices=(-1,),
    )


@dataclass(frozen=True, slots=True)
class RemoteSettings:
    url: str = setting(
        "",
        "Where the server is, up to what comes before /audio/speech. Without https, only this "
        "machine and private networks are spoken to.",
        expects="an address, such as http://127.0.0.1:8880/v1",
        check=is_address,
    )
    key_file: str = setting(
        "",
        "File that holds the key for the server and nothing else. Only you should be able to "
        "read it (chmod 600).",
        expects="a path",
        check=is_path,
    )
    model: str = setting("tts-1", "What the server calls its model.")
    voices: Mapping[str, Any] = setting(
        dict,
        "Your names for voices, and the server's. Needed where the server does not list its "
        "voices itself.",
        expects='a table of names, such as { anna = "af_heart" }',
        check=_voices,
    )
    format: str = setting(
        "wav",
        "How the sound travels. wav and pcm are heard as they come; the others only after the "
        "last of a piece, for servers that have nothing else or are far away.",
        choices=("wav", "pcm", "flac", "mp3", "opus"),
    )
    sample_rate: int = setting(
        24_000,
        "Samples a second of pcm, which does not say so itself.",
        unit="Hz",
        low=8_000,
        high=192_000,
    )
    timeout: float = setting(
        60.0,
        "A server that sends nothing for so long is given up.",
        unit="s",
        low=0.1,
        high=3600,
    )
    retries: int = setting(
        2,
        "How often a piece is asked for again where the server is busy, or the connection broke "
        "before anything was heard.",
        low=0,
        high=20,
    )
    insecure: bool = setting(
        False, "Lets text and key travel without https beyond private networks, for all to read."
    )
    extra: Mapping[str, Any] = setting(
        dict,
        'More fields of the request. "{language}" and "{seed}" stand for those of the speech.',
        expects='a table, such as { lang_code = "{language}" }',
    )


@dataclass(frozen=True, slots=True)
class EngineSettings:
    no_progress: float = setting(
        30.0,
        "An engine that yields no sound and gives no other sign of work for so long is stopped.",
        unit="s",
        low=0.1,
        high=3600,
    )
    unresponsive: float = setting(
        3.0,
        "A worker process whose engine is loaded and that gives no sign of life for so long is "
        "stopped.",
        unit="s",
        low=0.5,
        high=600,
    )
    cancel: float = setting(
        1.0, "Time to stop when told to, before being killed.", unit="s", low=0.1, high=60
    )
    crashes: int = setting(
        3, "So many crashes within a minute, and an engine is left alone.", low=1, high=10_000
    )
    espeak: EspeakSettings = field(
        default_factory=EspeakSettings,
        metadata={"sentence": "espeak-ng, the engine that needs no download"},
    )
    qwen3: Qwen3Settings = field(
        default_factory=Qwen3Settings,
        metadata={"sentence": "Qwen3-TTS, the engine with natural voices"},
    )
    huggingface: HuggingfaceSettings = field(
        default_factory=HuggingfaceSettings,
        metadata={"sentence": "Models that the transformers library carries"},
    )
    remote: Mapping[str, RemoteSettings] = named(
        RemoteSettings,
        "Servers that speak, each under a name of your own, for ttm say -m remote:NAME",
    )
