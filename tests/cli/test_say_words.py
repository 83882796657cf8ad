"""`[text.rules]`: numbers, dates and the like are said in words, and found where they stand."""

from __future__ import annotations

import json

import pytest

WRITTEN = "It cost $5.99 on Jan. 5, 2024."


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ([], "It cost five dollars and ninety-nine cents on January fifth, twenty twenty-four."),
        (
            ["text.normalize=on", "text.rules.currency=false"],
            "It cost $5.99 on January fifth, twenty twenty-four.",
        ),
        (["text.normalize=off"], WRITTEN),
    ],
)
def test_a_dry_run_shows_what_is_said_in_words(here, settings, said):
    chosen = [word for one in settings for word in ("--set", one)]
    code, out, _ = here("say", "--dry-run", *chosen, WRITTEN)
    assert (code, out.splitlines()[1:]) == (0, [f"1:1\t{said}"])


def test_the_words_of_an_amount_are_timed_where_it_is_written(ttm, tmp_path):
    done = ttm("say", WRITTEN, "-o", "x.wav", "--timings", "t.json")
    assert (done.returncode, done.stderr) == (0, b"")
    rows = json.loads((tmp_path / "t.json").read_text())["timings"]
    words = [row for row in rows if row["kind"] == "word"]
    spans = [WRITTEN[row["start"] : row["end"]] for row in words]
    assert list(dict.fromkeys(spans)) == ["It", "cost", "$5.99", "on", "Jan. 5, 2024"]
    assert spans.count("$5.99") == 1
    assert all(row["exact"] for row in words)
    assert [row["at"] for row in words] == sorted(row["at"] for row in words)
