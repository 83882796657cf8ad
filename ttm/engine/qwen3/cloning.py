"""What is kept of a cloned voice: the speaker's vector, and the recording as codes.

Both are made in float32 on the CPU, and so are the same for every device and precision.
"""

from __future__ import annotations

import hashlib

import torch
from torch import Tensor

from ttm.engine.qwen3.checkpoint import Checkpoint
from ttm.engine.qwen3.prompt import Reference
from ttm.errors import BadVoice
from ttm.voicefile import Prompt, VoiceFile
from ttm.voicefile import Tensor as Stored

BEGINNING = 64 << 10
"""Bytes of each tensor that count. Training changes all of a tensor, and to read the 250 MB of both
encoders whole would cost every start a second."""


def fingerprint(checkpoint: Checkpoint) -> str:
    """Of the weights that make a prompt of a recording: those of the two encoders, so that a talker
    that was trained further goes on with the same prompt."""
    digest = hashlib.sha256()
    digest.update(str(checkpoint.speech_tokenizer.encoder_valid_num_quantizers).encode())
    makers = ((checkpoint.weights, "speaker_encoder."), (checkpoint.speech_weights, "encoder."))
    for file, prefix in makers:
        for name, beginning in file.beginnings(prefix, BEGINNING):
            digest.update(name.encode() + beginning)
    return f"qwen3-{digest.hexdigest()[:32]}"


def packed(reference: Reference) -> Prompt:
    """A reference as a voice file keeps it."""
    found = {"embedding": _stored(reference.embedding.float(), "F32")}
    if reference.codes is not None:
        found["codes"] = _stored(reference.codes.to(torch.int16), "I16")
    return found


def unpacked(checkpoint: Checkpoint, voice: VoiceFile, transcript: str) -> Reference | None:
    """What the voice file keeps for this checkpoint; None where it has none, or none with codes for
    a transcript.

    Raises BadVoice for one that no such checkpoint has made.
    """
    prompt = voice.prompts.get(fingerprint(checkpoint))
    if prompt is None or (transcript and "codes" not in prompt):
        return None
    try:
        embedding = _loaded(prompt["embedding"], "F32")
        codes = _loaded(prompt["codes"], "I16").long() if transcript else None
        if embedding.shape != (checkpoint.dimensions.talker_config.hidden_size,):
            raise ValueError(embedding.shape)
        if codes is not None:
            decoder = checkpoint.speech_tokenizer.decoder_config
            if codes.ndim != 2 or codes.shape[1] != decoder.num_quantizers:
                raise ValueError(codes.shape)
            if int(codes.min()) < 0 or int(codes.max()) >= decoder.codebook_size:
                raise ValueError("codes")
    except (KeyError, ValueError):
        raise BadVoice(
            f"what voice '{voice.name}' keeps for this model was not made by it",
            "Add the voice again",
        ) from None
    return Reference(embedding, codes, transcript)


def _stored(numbers: Tensor, kind: str) -> Stored:
    raw = numbers.cpu().contiguous().numpy()
    little = raw.astype(raw.dtype.newbyteorder("<"), copy=False)
    return Stored(kind, tuple(numbers.shape), little.tobytes())


def _loaded(stored: Stored, kind: str) -> Tensor:
    import numpy as np

    if stored.kind != kind:
        raise ValueError(stored.kind)
    types = {"F32": ("<f4", np.float32), "I16": ("<i2", np.int16)}
    wire, native = types[kind]
    return torch.from_numpy(np.frombuffer(stored.data, wire).astype(native).reshape(stored.shape))
