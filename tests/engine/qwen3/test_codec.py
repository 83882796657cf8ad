"""The codec's decoder keeps its state: any split of the frames gives the samples of one pass."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ttm.engine.qwen3.codec import Codec, CodecState

SPLIT_BOUND = 1e-5
"""Of full scale, float32."""


@pytest.fixture(scope="module")
def codec(made, models) -> Codec:
    return models(made("tiny", "custom_voice", 5)).codec


def random_codes(codec: Codec, frames: int, seed: int, rows: int = 1) -> torch.Tensor:
    size = codec.dimensions
    generator = torch.Generator().manual_seed(seed)
    shape = (rows, size.num_quantizers, frames)
    return torch.randint(0, size.codebook_size, shape, generator=generator)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(parts=st.lists(st.integers(1, 12), min_size=1, max_size=8), seed=st.integers(0, 1 << 30))
def test_any_split_of_the_frames_gives_the_samples_of_one_pass(codec: Codec, parts, seed):
    codes = random_codes(codec, sum(parts), seed)
    whole = codec.decode(codes)
    state = CodecState()
    pieces = [codec.decode(part, state) for part in codes.split(parts, 2)]
    for part, piece in zip(parts, pieces, strict=True):
        assert piece.shape == (1, part * codec.dimensions.samples_per_frame)
    assert (torch.cat(pieces, 1) - whole).abs().max() <= SPLIT_BOUND


def test_one_frame_at_a_time_is_exact_far_beyond_the_attention_window(codec: Codec):
    frames = 6 * codec.dimensions.sliding_window
    codes = random_codes(codec, frames, 1)
    state = CodecState()
    pieces = [codec.decode(frame, state) for frame in codes.split(1, 2)]
    assert state.frames == frames
    assert (torch.cat(pieces, 1) - codec.decode(codes)).abs().max() <= SPLIT_BOUND


def test_the_state_does_not_grow_with_the_utterance(codec: Codec):
    def held(state: CodecState) -> int:
        tensors = [*state.tails.values(), *state.keys.values(), *state.values.values()]
        return sum(tensor.untyped_storage().nbytes() for tensor in tensors)

    state = CodecState()
    codec.decode(random_codes(codec, 2 * codec.dimensions.sliding_window, 2), state)
    before = held(state)
    for _ in range(20):
        codec.decode(random_codes(codec, 3, 3), state)
    assert held(state) == before


def test_a_copy_of_the_state_goes_on_by_itself(codec: Codec):
    state = CodecState()
    codec.decode(random_codes(codec, 9, 4), state)
    copy = state.copy()
    first = codec.decode(random_codes(codec, 5, 5), state)
    codec.decode(random_codes(codec, 5, 6), state)
    assert torch.equal(codec.decode(random_codes(codec, 5, 5), copy), first)


def test_no_seam_is_louder_than_the_sound_around_it(codec: Codec):
    codes = random_codes(codec, 60, 7)
    state = CodecState()
    pieces = [codec.decode(part, state)[0].numpy() for part in codes.split(3, 2)]
    steps = np.abs(np.diff(np.concatenate(pieces)))
    at = np.cumsum([len(piece) for piece in pieces])[:-1] - 1
    assert np.median(steps[at]) <= np.percentile(steps, 99)


def test_rows_of_a_batch_do_not_hear_each_other(codec: Codec):
    codes = random_codes(codec, 10, 8, rows=3)
    together = codec.decode(codes)
    for row in range(3):
        alone = codec.decode(codes[row : row + 1])
        assert (together[row] - alone[0]).abs().max() <= SPLIT_BOUND


def test_entries_that_were_never_used_do_not_divide_by_nothing(codec: Codec):
    codes = torch.zeros(1, codec.dimensions.num_quantizers, 4, dtype=torch.long)
    assert torch.isfinite(codec.decode(codes)).all()
