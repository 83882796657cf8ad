"""A voice in one file: the same bytes for the same voice, and nothing else is believed."""

from __future__ import annotations

import array
import json
import os
import struct
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttm.errors import BadVoice
from ttm.voicefile import PROMPTS_MAX, Tensor, VoiceFile, pack, read, unpack

EMBEDDING = Tensor("F32", (3,), struct.pack("<3f", 0.5, -1, 2))
CODES = Tensor("I16", (2, 2), struct.pack("<4h", 1, 2, 3, 4))
VOICE = VoiceFile(
    "anna-2",
    "cloned",
    array.array("h", range(24_000)).tobytes(),
    24_000,
    transcript="Grüße, 世界.",
    consent="Anna, in person",
    created="2026-11-22T10:00:00Z",
    prompts={"qwen3-0123abcd": {"embedding": EMBEDDING, "codes": CODES}},
)


def test_a_voice_comes_back_as_it_was(tmp_path):
    block = pack(VOICE)
    assert block == pack(replace(VOICE))
    (tmp_path / "a.ttmvoice").write_bytes(block)
    assert read(tmp_path / "a.ttmvoice") == VOICE
    assert pack(read(tmp_path / "a.ttmvoice")) == block


def test_other_programs_can_read_it():
    from safetensors.numpy import load

    tensors = load(pack(VOICE))
    assert tensors["audio"].tolist() == list(range(24_000))
    assert tensors["prompt.qwen3-0123abcd.codes"].tolist() == [[1, 2], [3, 4]]


def test_no_byte_can_be_changed_unnoticed():
    block = pack(VOICE)
    length = int.from_bytes(block[:8], "little")
    for at in [*range(0, 8 + length, 7), *range(8 + length, len(block), 4001), len(block) - 1]:
        changed = bytearray(block)
        changed[at] ^= 1
        with pytest.raises(BadVoice):
            unpack(bytes(changed), "x")


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200) | st.binary(max_size=80).map(lambda b: pack(VOICE)[:900] + b))
def test_junk_is_one_error(block):
    with pytest.raises(BadVoice) as failure:
        unpack(block, "x")
    assert "the voice file 'x' " in str(failure.value)


@pytest.mark.parametrize("size", [0, 1, 8, 9, 500, -1])
def test_a_file_that_was_cut_is_refused(size):
    with pytest.raises(BadVoice):
        unpack(pack(VOICE)[:size], "x")


NAN = Tensor("F32", (1,), struct.pack("<f", float("nan")))


@pytest.mark.parametrize(
    "change",
    [
        {"name": "../../etc/passwd"},
        {"name": ""},
        {"name": "a/b"},
        {"name": "x" * 49},
        {"kind": "model"},
        {"audio": b""},
        {"audio": bytes(48_000 * 33)},
        {"rate": 4_000_000_000},
        {"transcript": "x" * 5000},
        {"prompts": {"../../x-12345": {"embedding": EMBEDDING}}},
        {"prompts": {"short": {"embedding": EMBEDDING}}},
        {"prompts": {"qwen3-0123abcd": {"__reduce__": EMBEDDING}}},
        {"prompts": {"qwen3-0123abcd": {"embedding": NAN}}},
        {"prompts": {"qwen3-0123abcd": {"e": replace(EMBEDDING, shape=(4,))}}},
        {"prompts": {"qwen3-0123abcd": {"e": replace(EMBEDDING, shape=(-3,))}}},
        {"prompts": {"qwen3-0123abcd": {f"e{i}": CODES for i in range(9)}}},
        {"prompts": {f"qwen3-{i:08}": {"e": EMBEDDING} for i in range(PROMPTS_MAX + 1)}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_no_voice_has_is_refused_with_a_right_checksum_too(change):
    with pytest.raises(BadVoice):
        unpack(pack(replace(VOICE, **change)), "x")


def test_a_later_format_is_refused_as_such():
    block = pack(VOICE)
    length = int.from_bytes(block[:8], "little")
    header = json.loads(block[8 : 8 + length])
    header["__metadata__"]["ttmvoice"] = "2"
    text = json.dumps(header).encode()
    with pytest.raises(BadVoice, match="of format 2, which this ttm does not know"):
        unpack(len(text).to_bytes(8, "little") + text + block[8 + length :], "x")


def test_what_is_no_file_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe.ttmvoice")
    (tmp_path / "folder.ttmvoice").mkdir()
    (tmp_path / "big.ttmvoice").write_bytes(bytes(9 << 20))
    for name, why in [
        ("pipe", "is no file"),
        ("folder", "folder"),
        ("big", "larger than 8 MB"),
        ("none", "there is no voice file"),
        ("a\0b", "cannot be read"),
    ]:
        with pytest.raises(BadVoice, match=why):
            read(tmp_path / f"{name}.ttmvoice")
