"""The rules by which a code is chosen, each against its plain definition."""

from __future__ import annotations

import pytest
import torch

from ttm.engine.qwen3.sampling import SPECIALS, Choice, Rules, Sampling, chooser

VOCABULARY = SPECIALS + 40
END = SPECIALS - 5 + 40


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def drawn(choice: Choice, logits: torch.Tensor, times: int = 400) -> set[int]:
    choose = chooser(choice, generator())
    return {int(choose(logits)) for _ in range(times)}


def test_draws_are_those_of_torch_multinomial_from_the_same_seed():
    logits = torch.randn(1, 300, generator=generator(3))
    ours, theirs = generator(4), generator(4)
    choose = chooser(Choice(0.9, 0, 1.0), ours)
    for _ in range(50):
        chances = (logits / 0.9).softmax(-1)
        assert int(choose(logits)) == int(torch.multinomial(chances, 1, generator=theirs))


def test_a_temperature_of_zero_takes_the_likeliest():
    assert drawn(Choice(0.0), torch.tensor([[1.0, 5.0, 4.9]])) == {1}


def test_top_k_keeps_the_likeliest_and_what_ties_with_the_last_of_them():
    logits = torch.tensor([[3.0, 2.0, 2.0, 1.9, -1.0]])
    assert drawn(Choice(2.0, 2), logits) == {0, 1, 2}


@pytest.mark.parametrize(("top_p", "kept"), [(0.5, {0}), (0.75, {0, 1}), (0.97, {0, 1, 2})])
def test_top_p_keeps_the_likeliest_that_reach_it_together(top_p, kept):
    logits = torch.tensor([[0.6, 0.25, 0.13, 0.02]]).log()
    assert drawn(Choice(1.0, 0, top_p), logits) == kept


def test_the_talker_chooses_codes_or_the_end_but_never_before_two_frames():
    rules = Rules(1, VOCABULARY, END, 1.0, torch.device("cpu"))
    allowed = []
    for frame in range(4):
        logits = rules(torch.zeros(1, VOCABULARY))[0]
        allowed.append({i for i in range(VOCABULARY) if logits[i] > -torch.inf})
        rules.had(torch.tensor([frame]))
    codes = set(range(VOCABULARY - SPECIALS))
    assert allowed == [codes, codes, codes | {END}, codes | {END}]


def test_the_penalty_makes_what_was_said_less_likely_whatever_its_sign():
    rules = Rules(2, VOCABULARY, END, 2.0, torch.device("cpu"))
    rules.had(torch.tensor([0, 1]))
    logits = torch.full((2, VOCABULARY), -3.0)
    logits[0, 0] = 8.0
    after = rules(logits)
    assert after[0, :3].tolist() == [4.0, -3.0, -3.0]
    assert after[1, :3].tolist() == [-3.0, -6.0, -3.0]


def test_a_checkpoint_says_how_its_codes_are_chosen():
    table = {"temperature": 0.7, "top_k": 20, "subtalker_dosample": False, "top_p": 0.9}
    sampling = Sampling.of_checkpoint(table)
    assert sampling.talker == Choice(0.7, 20, 0.9)
    assert sampling.predictor.temperature == 0
    assert sampling.repetition_penalty == 1.05
    assert sampling.greedy.talker.temperature == 0
