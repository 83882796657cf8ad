"""The settings of engines that are not ttm's own: those of a library, and of other servers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ttm.config.declaration import is_address, is_device, is_path, setting
from ttm.errors import UsageError


def _voices(table: dict[str, Any]) -> None:
    if not all(isinstance(name, str) and name for pair in table.items() for name in pair):
        raise UsageError("not from names to names")


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
