"""Our Qwen3-TTS against what the official package (qwen-tts 0.1.1, float32) computed.

Two sets of references of one form: the compact one in this repository, whose checkpoints are
made anew from their seeds, and the full one where `shared/golden` lies beside the project.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ttm.engine.qwen3.generate import Generation
from ttm.engine.qwen3.model import Model
from ttm.engine.qwen3.prompt import Reference, Request
from ttm.engine.qwen3.sampling import Sampling

Models = Callable[..., Model]

SHARED = Path(__file__).parents[3].parent / "shared" / "golden"
OWN = Path(__file__).parent / "golden"
SEED = 1234
"""What the references of sampled cases start from."""

EMBEDDING_BOUND = 1e-5
LOGIT_BOUND = 1e-3
"""Of the range of the reference's logits."""
WAVE_BOUND = 1e-4
"""Of full scale."""
BFLOAT16_COSINE = 0.999


def shared_cases() -> list[str]:
    """`shared/<checkpoint>/<case>` of the full set; empty where it is not there."""
    files = (SHARED / "reference").glob("*/*.npz")
    return sorted(f"shared/{file.parent.name}/{file.stem}" for file in files)


def own_cases() -> list[str]:
    """`own/<checkpoint>/<case>` of the set in this repository."""
    return sorted(f"own/{file.parent.name}/{file.stem}" for file in OWN.glob("*/*.npz"))


@dataclass(frozen=True)
class Case:
    """One run of the official package: what it was asked, and its arrays."""

    folder: Path
    name: str
    asked: dict[str, Any]
    arrays: dict[str, np.ndarray]

    def each(self, key: str, otherwise: str = "") -> list[Any]:
        """A value for every row of the batch."""
        texts = self.asked["text"]
        rows = len(texts) if isinstance(texts, list) else 1
        value = self.asked.get(key, otherwise)
        return value if isinstance(value, list) else [value] * rows

    @property
    def rows(self) -> int:
        return len(self.each("text"))

    @property
    def sampled(self) -> bool:
        return self.name.endswith("_sampled") or self.asked.get("do_sample", False)

    @property
    def frames(self) -> int:
        return self.arrays["first_tokens"].shape[1] - 1

    def requests(self, model: Model) -> list[Request]:
        """As the official package lays them out."""
        mode = model.checkpoint.dimensions.tts_model_type
        whole = self.asked.get("non_streaming_mode", mode != "base")
        obeys = model.checkpoint.dimensions.follows_instructions
        return [
            Request(
                text,
                language.lower(),
                speaker.lower(),
                # The official package drops what a 0.6B model would not follow.
                instruct if obeys else "",
                self.reference(row) if mode == "base" else None,
                streaming=not whole,
            )
            for row, (text, language, speaker, instruct) in enumerate(
                zip(
                    self.each("text"),
                    self.each("language", "auto"),
                    self.each("speaker"),
                    self.each("instruct"),
                    strict=True,
                )
            )
        ]

    def reference(self, row: int) -> Reference:
        codes = None
        if not self.asked.get("x_vector_only_mode"):
            codes = torch.from_numpy(self.arrays[f"ref_code_{row}"])
        embedding = torch.from_numpy(self.arrays[f"spk_embed_{row}"])
        return Reference(embedding, codes, self.asked.get("ref_text", ""))

    def sampling(self, model: Model) -> Sampling:
        sampling = model.sampling
        if not self.sampled:
            sampling = sampling.greedy
        penalty = self.asked.get("repetition_penalty", sampling.repetition_penalty)
        return replace(sampling, repetition_penalty=penalty)


class Heard:
    """A talker or a code predictor that remembers the logits it gave."""

    def __init__(self, part: Any) -> None:
        self._part = part
        self.logits: list[torch.Tensor] = []
        self.hidden: list[torch.Tensor] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._part, name)


class HeardTalker(Heard):
    def __call__(self, *inputs: Any) -> Any:
        hidden, logits = self._part(*inputs)
        self.hidden.append(hidden)
        self.logits.append(logits)
        return hidden, logits


class HeardPredictor(Heard):
    def __init__(self, part: Any, forced: torch.Tensor | None = None) -> None:
        """`forced` `[G - 1]`: codes to go on with, whatever is picked."""
        super().__init__(part)
        self._forced = forced

    def __call__(self, hidden: torch.Tensor, first: torch.Tensor, pick: Any) -> Any:
        def listen(logits: torch.Tensor) -> torch.Tensor:
            self.logits.append(logits)
            code = pick(logits)
            if self._forced is None:
                return code
            return self._forced[(len(self.logits) - 1) % len(self._forced)].expand(code.shape)

        return self._part(hidden, first, listen)


@pytest.fixture
def case(request: pytest.FixtureRequest, remade: Callable[[str], Path]) -> Case:
    """The case of this name; see `shared_cases` and `own_cases`."""
    which, checkpoint, name = request.param.split("/")
    if which == "shared":
        asked = json.loads((SHARED / "cases.json").read_text())[name]
        folder, file = SHARED / "checkpoints" / checkpoint, SHARED / "reference" / checkpoint
    else:
        asked = json.loads((OWN / "cases.json").read_text())[checkpoint]["cases"][name]
        folder, file = remade(checkpoint), OWN / checkpoint
    with np.load(file / f"{name}.npz") as arrays:
        return Case(folder, name, asked, dict(arrays))


CASES = [*own_cases(), *shared_cases()]
every_case = pytest.mark.parametrize("case", CASES, indirect=True)
own_case = pytest.mark.parametrize("case", own_cases(), indirect=True)


def relative(ours: torch.Tensor, theirs: np.ndarray) -> float:
    span = float(theirs.max() - theirs.min())
    return float(np.abs(ours.numpy() - theirs).max()) / span


@every_case
def test_the_text_becomes_the_official_tokens(case: Case, models: Models):
    tokens = models(case.folder).tokens
    for row, text in enumerate(case.each("text")):
        assert tokens.text(text) == case.arrays[f"input_ids_{row}"].tolist()
    for row, text in enumerate(case.each("instruct")):
        if f"instruct_ids_{row}" in case.arrays:
            assert tokens.instruction(text) == case.arrays[f"instruct_ids_{row}"].tolist()
    if "ref_ids_0" in case.arrays:
        told = case.asked["ref_text"]
        assert tokens.reference(told) == case.arrays["ref_ids_0"].tolist()


@every_case
def test_the_prompt_is_laid_out_as_the_official_package_does(case: Case, models: Models):
    model = models(case.folder)
    for row, request in enumerate(case.requests(model)):
        prompt = model.writer.write(request)
        mask = case.arrays["prompt_mask"][row].astype(bool)
        theirs = case.arrays["prompt_embeds"][row][mask]
        assert prompt.embeddings.shape == theirs.shape
        assert np.abs(prompt.embeddings.numpy() - theirs).max() <= EMBEDDING_BOUND
        trailing = case.arrays["trailing_text"][row]
        padding = prompt.padding.expand(len(trailing) - len(prompt.trailing), -1)
        ours = torch.cat((prompt.trailing, padding)).numpy()
        assert np.abs(ours - trailing).max() <= EMBEDDING_BOUND


@every_case
def test_every_code_logit_and_sample_is_the_official_one(case: Case, models: Models):
    model = models(case.folder)
    talker, predictor = HeardTalker(model.talker), HeardPredictor(model.predictor)
    prompts = [model.writer.write(request) for request in case.requests(model)]
    generator = torch.Generator().manual_seed(SEED)
    generation = Generation(
        talker, predictor, prompts, case.sampling(model), generator, case.frames
    )
    frames = torch.stack(list(generation), 1)

    logits = torch.stack(talker.logits, 1)
    assert relative(logits, case.arrays["talker_logits"][:, : logits.shape[1]]) <= LOGIT_BOUND
    first = torch.stack([row[0] for row in predictor.logits[:15]])
    assert relative(first, case.arrays["pred_logits"]) <= LOGIT_BOUND
    for row, prompt in enumerate(prompts):
        theirs = torch.from_numpy(case.arrays[f"codes_{row}"])
        length = generation.lengths[row]
        ours = frames[row][:length]
        assert torch.equal(ours, theirs[prompt.recorded :])
        heard = theirs[: prompt.recorded]
        samples = model.codec.decode(torch.cat((heard, ours)).T[None])[0]
        samples = samples[prompt.recorded * model.samples_per_frame :].numpy()
        wave = case.arrays[f"wav_{row}"]
        assert samples.shape == wave.shape
        assert np.abs(samples - wave).max() <= WAVE_BOUND


@own_case
def test_bfloat16_logits_point_where_the_official_float32_ones_do(case: Case, models: Models):
    model = models(case.folder, torch.bfloat16)
    cosines = []
    requests = case.requests(model)
    for row, request in enumerate(requests):
        prompt = model.writer.write(request)
        codes = torch.from_numpy(case.arrays[f"codes_{row}"])[prompt.recorded :]
        for frame in sorted({0, 1, len(codes) // 2, len(codes) - 1}):
            talker = HeardTalker(model.talker)
            predictor = HeardPredictor(model.predictor, codes[frame, 1:])
            generation = Generation(
                talker,
                predictor,
                [prompt],
                model.sampling.greedy,
                torch.Generator(),
                frame + 1,
                codes[:frame],
            )
            list(generation)
            theirs = torch.from_numpy(case.arrays["talker_logits"][row, frame])
            cosines.append(torch.cosine_similarity(talker.logits[0][0], theirs, 0))
            if frame == row == 0 and not case.sampled:
                theirs = torch.from_numpy(case.arrays["pred_logits"])
                cosines.append(torch.cosine_similarity(predictor.logits[0][0], theirs[0], 0))
    assert min(cosines) >= BFLOAT16_COSINE


@own_case
def test_an_utterance_taken_up_again_goes_on_with_the_same_frames(case: Case, models: Models):
    model = models(case.folder)
    if len(case.each("text")) > 1 or case.sampled:
        pytest.skip("only a single greedy row can be taken up again and compared")
    prompt = model.writer.write(case.requests(model)[0])
    codes = torch.from_numpy(case.arrays["codes_0"])[prompt.recorded :]
    half = len(codes) // 2
    sampling = case.sampling(model)
    rest = model.generate([prompt], sampling, torch.Generator(), len(codes), codes[:half])
    assert torch.equal(torch.cat(list(rest)), codes[half:])


@pytest.mark.skipif(not SHARED.is_dir(), reason="the full golden set is not beside the project")
def test_the_full_set_has_a_case_of_every_mode_and_size():
    names = {folder.name for folder in (SHARED / "reference").iterdir()}
    assert {"tiny-base", "tiny-1b7-base", "tiny-custom_voice", "tiny-voice_design"} <= names
