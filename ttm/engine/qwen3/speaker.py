"""The speaker encoder: whose voice a recording has, as one vector.

An ECAPA-TDNN (arXiv:2005.07143) over a mel spectrogram.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional as F

from ttm.engine.qwen3.dimensions import SpeakerDimensions

SAMPLE_RATE = 24_000
"""Hertz. The spectrogram below is made for this rate."""
WINDOW = 1024
"""Samples that one step of the spectrogram sees."""
HOP = 256
"""Samples from one step to the next: 10.7 ms."""
PADDING = (WINDOW - HOP) // 2
"""Samples that are mirrored at each end; what is not longer has too few to mirror."""
BANDS = 128
"""Mel bands, from 0 Hz to half the sample rate."""
FAINTEST_BIN = 1e-9
"""Added to a bin's power."""
FAINTEST_BAND = 1e-5
"""What a band does not fall below before its logarithm is taken."""

LINEAR_STEP = 200 / 3
"""Hertz of a mel of Slaney's scale below 1 kHz (M. Slaney, Auditory Toolbox, 1998)."""
LINEAR_END = 1000.0
"""Hertz from which the scale is logarithmic."""
LOG_STEP = math.log(6.4) / 27
"""Logarithm of the ratio that is one mel up there."""

SMALLEST_VARIANCE = 1e-12


def mel_spectrogram(samples: Tensor) -> Tensor:
    """Logarithm of the magnitude in each mel band.

    samples  [S] float32 at 24 kHz, S > 384
    return   [T, 128] float32, T = S // 256
    """
    assert samples.ndim == 1, samples.shape
    assert len(samples) > PADDING, f"{len(samples)} samples are no more than {PADDING}"
    padded = F.pad(samples[None], (PADDING, PADDING), "reflect")[0]
    window = torch.hann_window(WINDOW, device=samples.device)
    bins = torch.stft(padded, WINDOW, HOP, window=window, center=False, return_complex=True)
    magnitude = (torch.view_as_real(bins).square().sum(-1) + FAINTEST_BIN).sqrt()  # [bins, T]
    return (mel_filters().to(samples.device) @ magnitude).clamp(min=FAINTEST_BAND).log().mT


def mel_filters() -> Tensor:
    """Triangles between neighbouring band centres, each of the same area.

    return  [128, 513] float32
    """
    top = LINEAR_END / LINEAR_STEP + math.log(SAMPLE_RATE / 2 / LINEAR_END) / LOG_STEP
    mels = torch.linspace(0, top, BANDS + 2, dtype=torch.float64)
    above = (mels - LINEAR_END / LINEAR_STEP).clamp(min=0)
    edges = torch.where(above > 0, LINEAR_END * (LOG_STEP * above).exp(), LINEAR_STEP * mels)
    low, centre, high = (edges[i : i + BANDS, None] for i in range(3))
    bins = torch.linspace(0, SAMPLE_RATE / 2, WINDOW // 2 + 1, dtype=torch.float64)
    rising, falling = (bins - low) / (centre - low), (high - bins) / (high - centre)
    triangles = torch.minimum(rising, falling).clamp(min=0).float()  # librosa rounds here too
    return (triangles * (2 / (high - low))).float()


class SpeakerEncoder:
    """A recording to the vector that takes a speaker's place in the prompt.

    `weights` has the names of `model.safetensors`; their dtype is the one that is computed in.
    """

    def __init__(self, dimensions: SpeakerDimensions, weights: Mapping[str, Tensor]) -> None:
        assert dimensions.sample_rate == SAMPLE_RATE, dimensions.sample_rate
        self._dimensions = dimensions
        prefix = "speaker_encoder."
        self._weights = {
            name.removeprefix(prefix): weights[name] for name in weights if name.startswith(prefix)
        }
        kernels = zip(dimensions.enc_kernel_sizes, dimensions.enc_dilations, strict=True)
        reach = max(dilation * (kernel - 1) for kernel, dilation in kernels)
        self.steps_min = reach - reach // 2 + 1
        """Steps of a spectrogram that a convolution can mirror at its ends; 5 with the true sizes,
        1280 samples."""

    def embed(self, samples: Tensor) -> Tensor:
        """The voice of a recording.

        samples  [S] float32 in [-1, 1] at 24 kHz, S >= 385 and S >= 256 * `steps_min`
        return   [enc_dim] in the dtype of the weights
        """
        return self.embed_mel(mel_spectrogram(samples))

    def embed_mel(self, mel: Tensor) -> Tensor:
        """The voice in a spectrogram.

        mel     [T, mel_dim], T >= `steps_min`
        return  [enc_dim] in the dtype of the weights
        """
        sizes = self._dimensions
        assert mel.shape[1:] == (sizes.mel_dim,), mel.shape
        assert len(mel) >= self.steps_min, f"{len(mel)} steps are fewer than {self.steps_min}"
        x = mel.mT[None].to(self._weights["fc.weight"].dtype)  # [1, C, T]
        x = self._tdnn("blocks.0", x, sizes.enc_dilations[0])
        outputs = []
        for i, dilation in enumerate(sizes.enc_dilations[1:-1], start=1):
            x = self._block(f"blocks.{i}.", x, dilation)
            outputs.append(x)
        x = self._tdnn("mfa", torch.cat(outputs, dim=1), sizes.enc_dilations[-1])
        return self._conv("fc", self._pool(x))[0, :, 0]

    def _block(self, at: str, x: Tensor, dilation: int) -> Tensor:
        """A convolution in parts, each of which hears the one before, and a gain per channel.

        x       [1, C, T]
        return  [1, C, T]
        """
        first, *parts = self._tdnn(f"{at}tdnn1", x).chunk(self._dimensions.enc_res2net_scale, dim=1)
        done = [first]
        for i, part in enumerate(parts):
            heard = part + done[-1] if i else part
            done.append(self._tdnn(f"{at}res2net_block.blocks.{i}", heard, dilation))
        y = self._tdnn(f"{at}tdnn2", torch.cat(done, dim=1))
        gain = self._conv(f"{at}se_block.conv1", y.mean(dim=2, keepdim=True)).relu()
        return y * self._conv(f"{at}se_block.conv2", gain).sigmoid() + x

    def _pool(self, x: Tensor) -> Tensor:
        """Mean and deviation over time, of the steps that tell most about the speaker.

        x       [1, C, T]
        return  [1, 2 C, 1]
        """
        # Divided as a tensor: in bfloat16 the count is rounded too, as in the official package.
        even = torch.ones_like(x[:, :1])
        overall = _statistics(x, even / even.sum(dim=2, keepdim=True)).expand(-1, -1, x.shape[2])
        attention = self._tdnn("asp.tdnn", torch.cat([x, overall], dim=1)).tanh()
        return _statistics(x, self._conv("asp.conv", attention).softmax(dim=2))

    def _tdnn(self, at: str, x: Tensor, dilation: int = 1) -> Tensor:
        return self._conv(f"{at}.conv", x, dilation).relu()

    def _conv(self, at: str, x: Tensor, dilation: int = 1) -> Tensor:
        """A convolution that mirrors the ends, so that the length stays.

        x       [1, C, T]
        return  [1, C', T]
        """
        weight, bias = self._weights[f"{at}.weight"], self._weights[f"{at}.bias"]
        if reach := dilation * (weight.shape[-1] - 1):
            x = F.pad(x, (reach // 2, reach - reach // 2), "reflect")
        return F.conv1d(x, weight, bias, dilation=dilation)


def _statistics(x: Tensor, share: Tensor) -> Tensor:
    """Mean and standard deviation over time, each step with its share.

    x       [1, C, T]
    share   [1, C or 1, T], with a sum of 1 over time
    return  [1, 2 C, 1]
    """
    mean = (share * x).sum(dim=2, keepdim=True)
    variance = (share * (x - mean).square()).sum(dim=2, keepdim=True)
    return torch.cat([mean, variance.clamp(min=SMALLEST_VARIANCE).sqrt()], dim=1)
