"""libespeak-ng through ctypes: the calls and structures of speak_lib.h that ttm uses.

Ordinary text can kill this library (`---नमस्ते` with an English voice, `"s'" * 68`), so only a
process that may die calls `synthesize`.
"""

from __future__ import annotations

import array
import ctypes
import os
import re
import struct
from dataclasses import dataclass
from pathlib import Path

from ttm.errors import EngineUnavailable

SYNCHRONOUS = 2  # AUDIO_OUTPUT_SYNCHRONOUS: samples by callback, in the calling thread
DONT_EXIT = 0x8000  # espeakINITIALIZE_DONT_EXIT
UTF8 = 1  # espeakCHARS_UTF8
CHARACTERS = 1  # POS_CHARACTER
PHONEMES = 0x100  # espeakPHONEMES: [[...]] in the text is in mnemonics
IPA = 2  # in IPA rather than in mnemonics
SEPARATOR = "·"
"""Between the names of phonemes; no name has it."""
PAUSE = re.compile(r"[_:!|]*")
"""What stands for no sound between two phonemes."""
BUFFER = 1000
"""Milliseconds of sound a callback; fewer callbacks are fewer crossings into Python."""
WORD = 1  # espeakEVENT_WORD
IPA = 2  # espeakPHONEMES_IPA

PARAMETERS = {"rate": 1, "volume": 2, "pitch": 3, "range": 4, "wordgap": 7}


class _Id(ctypes.Union):
    _fields_ = (
        ("number", ctypes.c_int),
        ("name", ctypes.c_char_p),
        ("string", ctypes.c_char * 8),
    )


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    )


class _Voice(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_void_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("xx1", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(_Event))


@dataclass(frozen=True, slots=True)
class VoiceFile:
    """One of espeak-ng's voice definitions."""

    name: str
    languages: tuple[tuple[int, str], ...]
    """(priority, tag); the smaller priority is the better match."""
    identifier: str
    """Its path below the voice folders; what `set_voice` takes."""
    gender: int
    """1 male, 2 female, 0 neither."""


class Library:
    """One loaded and initialised copy of libespeak-ng.

    Raises EngineUnavailable when the library or its data is missing or unusable.
    """

    def __init__(self, library: str, data: str) -> None:
        library, data = os.path.expanduser(library), os.path.expanduser(data)
        if not Path(data).is_dir():
            raise EngineUnavailable(
                f"espeak-ng's data folder '{data}' does not exist",
                "Correct engine.espeak.data in the settings",
            )
        try:
            self._lib = ctypes.CDLL(library)
            self._declare()
        except (OSError, AttributeError) as failure:
            raise EngineUnavailable(
                f"the espeak-ng library cannot be loaded ({failure})",
                "Install Debian's libespeak-ng1 or another espeak-ng, and point "
                "engine.espeak.library and engine.espeak.data at it",
            ) from failure
        self._libc = ctypes.CDLL(None)
        self._data = data
        self._phonemes_on = False
        # Without the path it falls back to the folder of the machine it was built on.
        path = os.fsencode(data)
        self.rate: int = self._lib.espeak_Initialize(SYNCHRONOUS, BUFFER, path, DONT_EXIT)
        if self.rate <= 0:
            raise EngineUnavailable(
                f"espeak-ng does not start with the data in '{data}'",
                "Reinstall ttm, or correct engine.espeak.data in the settings",
            )

    def _declare(self) -> None:
        """Tell ctypes what it cannot know; AttributeError for another library than espeak-ng."""
        self._lib.espeak_Initialize.argtypes = (
            ctypes.c_int,
            ctypes.c_int,
            ctypes.c_char_p,
            ctypes.c_int,
        )
        self._lib.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_Voice))
        self._lib.espeak_Synth.argtypes = (
            ctypes.c_char_p,
            ctypes.c_size_t,
            ctypes.c_uint,
            ctypes.c_int,
            ctypes.c_uint,
            ctypes.c_uint,
            ctypes.c_void_p,
            ctypes.c_void_p,
        )

        self._lib.espeak_TextToPhonemes.restype = ctypes.c_char_p
        self._lib.espeak_TextToPhonemes.argtypes = (
            ctypes.POINTER(ctypes.c_void_p),
            ctypes.c_int,
            ctypes.c_int,
        )

    def list_voices(self, language: str = "") -> list[VoiceFile]:
        """Every voice; `variant` as language lists the variants instead."""
        spec = _Voice()
        tag = ctypes.create_string_buffer(language.encode())
        spec.languages = ctypes.cast(tag, ctypes.c_void_p)
        found = self._lib.espeak_ListVoices(ctypes.byref(spec) if language else None)
        voices: list[VoiceFile] = []
        while found[len(voices)]:
            voices.append(_voice_file(found[len(voices)].contents))
        return voices

    def set_voice(self, identifier: str) -> bool:
        """Speak with this voice from here on; false when there is none of that name."""
        encoded = identifier.encode(errors="replace")
        return bool(self._lib.espeak_SetVoiceByName(encoded) == 0)

    def set_parameter(self, name: str, value: int) -> None:
        self._lib.espeak_SetParameter(PARAMETERS[name], value, 0)

    def seed(self, number: int) -> None:
        """Where the noise in breathy voices starts; else that is the second of the clock."""
        self._libc.srand(ctypes.c_uint(number))
        if hasattr(self._lib, "espeak_ng_SetRandSeed"):  # 1.52 has a generator of its own too
            self._lib.espeak_ng_SetRandSeed(ctypes.c_long(number))

    def mnemonics(self) -> set[str]:
        """The names of the phonemes of all languages."""
        block = Path(self._data, "phontab").read_bytes()
        found: set[str] = set()
        at = 4  # the number of tables; each has a count, a name in 32 bytes, and rows of 16
        for _ in range(block[0]):
            count, at = block[at], at + 36
            for (name,) in struct.iter_unpack("4s12x", block[at : at + 16 * count]):
                found.add(name.rstrip(b"\0").decode(errors="replace"))
            at += 16 * count
        return found

    def sounds(self, mnemonics: str, *, ipa: bool) -> list[str]:
        """The phonemes that the voice makes of a text in mnemonics, in these or in IPA."""
        if not self._phonemes_on:
            # Nothing but speaking switches them on; there is nothing to say.
            self.synthesize(b"", phonemes=True)
            self._phonemes_on = True
        encoded = ctypes.create_string_buffer(f"[[{mnemonics}]]".encode())
        left = ctypes.c_void_p(ctypes.addressof(encoded))
        names: list[str] = []
        while left.value:
            mode = (IPA if ipa else 0) | ord(SEPARATOR) << 8
            clause = self._lib.espeak_TextToPhonemes(ctypes.byref(left), UTF8, mode) or b""
            names += re.split(rf"[{SEPARATOR}\s]+", clause.decode(errors="replace"))
        return [name for name in names if not PAUSE.fullmatch(name)]

    def synthesize(self, text: bytes, *, phonemes: bool = False) -> tuple[bytes, array.array[int]]:
        """Speak UTF-8: the s16 samples at `rate`, and for each word its first character, its
        length and its first sample. `phonemes`: `[[...]]` in it is in mnemonics."""
        pcm = bytearray()
        words = array.array("i")

        def callback(samples: int | None, count: int, events: ctypes.Array[_Event]) -> int:
            if samples:
                pcm.extend(ctypes.string_at(samples, count * 2))
            i = 0
            while kind := events[i].type:
                if kind == WORD:
                    event = events[i]
                    words.extend((event.text_position - 1, event.length, event.sample))
                i += 1
            return 0

        kept = _Callback(callback)
        self._lib.espeak_SetSynthCallback(kept)
        flags = UTF8 | PHONEMES if phonemes else UTF8
        self._phonemes_on = phonemes
        self._lib.espeak_Synth(text, len(text) + 1, 0, CHARACTERS, 0, flags, None, None)
        return bytes(pcm), words

    def transcribe(self, text: bytes) -> bytes:
        """UTF-8 in IPA, a line a clause."""
        kept = ctypes.create_string_buffer(text)
        left = ctypes.c_void_p(ctypes.addressof(kept))
        clauses = []
        while left.value:
            clause = self._lib.espeak_TextToPhonemes(ctypes.byref(left), UTF8, IPA)
            clauses.append((clause or b"").strip())
        return b"\n".join(filter(None, clauses))


def _voice_file(voice: _Voice) -> VoiceFile:
    languages: list[tuple[int, str]] = []
    # A list of (priority byte, zero-terminated tag), ended by a zero priority.
    at = voice.languages
    while at and (priority := ctypes.c_ubyte.from_address(at).value):
        tag = ctypes.string_at(at + 1)
        languages.append((priority, tag.decode()))
        at += 2 + len(tag)
    return VoiceFile(
        voice.name.decode().strip(),
        tuple(languages),
        voice.identifier.decode(),
        voice.gender,
    )
