"""Long work: an interrupted run goes on where it ended, and a book is written again in part."""

from __future__ import annotations

import gc
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest

BOOK = b"One two.\n\nThree four. Five.\n\nSix.\n\nSeven."
SPLIT = ("say", "-m", "tone", "--split", "paragraph", "-o", "{n}.wav", "--json")


def told(done) -> dict:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_finished_files_of_a_split_are_not_made_again(ttm, tmp_path):
    assert told(ttm(*SPLIT, input=BOOK))["kept"] == []
    files = sorted(tmp_path.iterdir())
    before = [file.stat().st_mtime_ns for file in files]
    files[1].unlink()
    files[2].write_bytes(b"touched")
    again = told(ttm(*SPLIT, "--resume", input=BOOK))
    assert (again["kept"], again["spoken"]) == (["001.wav", "004.wav"], 3)
    after = [file.stat().st_mtime_ns for file in files]
    assert [x == y for x, y in zip(before, after, strict=True)] == [True, False, False, True]
    all_kept = told(ttm(*SPLIT, "--resume", input=BOOK))
    assert (len(all_kept["kept"]), all_kept["chunks"], all_kept["voice"]) == (4, 0, "sine")
    done = ttm(*SPLIT[:-1], "--resume", input=BOOK)
    assert done.stderr == b"4 files were finished before\n"


@pytest.mark.parametrize("change", ["text", "pause", "voice", "format", "timings"])
def test_what_another_request_has_finished_is_made_again(ttm, change):
    words = {
        "pause": ("--pause", "1"),
        "voice": ("-v", "low"),
        "format": ("--sample-rate", "16000"),
        "timings": ("--timings", "{n}.json"),
    }.get(change, ())
    ttm(*SPLIT, input=BOOK)
    book = BOOK.replace(b"Five", b"Fife") if change == "text" else BOOK
    again = told(ttm(*SPLIT, "--resume", *words, input=book))
    kept = ["001.wav", "003.wav", "004.wav"] if change == "text" else []
    assert again["kept"] == kept


def test_a_split_with_timings_knows_where_its_parts_stand(ttm, tmp_path):
    words = (*SPLIT, "--timings", "{n}.json")
    ttm(*words, input=BOOK)
    (tmp_path / "004.json").unlink()
    assert told(ttm(*words, "--resume", input=BOOK))["kept"] == ["001.wav", "002.wav", "003.wav"]
    # The words before a part moved it, and its timings point into the text.
    moved = BOOK.replace(b"Three", b"Thirteen")
    assert told(ttm(*words, "--resume", input=moved))["kept"] == ["001.wav"]


def test_an_interruption_says_what_is_finished_and_that_it_can_go_on(
    begin, ttm, faulty, tmp_path, eventually
):
    words = ("say", "-m", "faulty", "--split", "sentence", "-o", "{n}.wav")
    process = begin(*words, "One. Two. endless", env=faulty)
    eventually(lambda: (tmp_path / "002.wav").exists() and list(tmp_path.glob(".003*")))
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 130
    assert process.stderr.read().decode().splitlines() == [
        "2 files were finished; the same command with --resume goes on from there",
        "ttm: interrupted",
    ]
    again = told(ttm(*words, "One. Two. Three.", "--resume", "--json", env=faulty))
    assert (again["kept"], again["spoken"]) == (["001.wav", "002.wav"], 1)


@pytest.mark.parametrize("model", ["tone", "faulty"])
def test_a_single_file_goes_on_from_the_cache(begin, ttm, faulty, tmp_path, eventually, model):
    # The text of the first run comes slowly, so that it is interrupted between two sentences.
    process = begin("say", "-m", model, "-o", "x.wav", "--resume", env=faulty, stdin=-1)
    process.stdin.write(b"One.\n\nTwo.\n\n")
    process.stdin.flush()
    where = tmp_path.parent
    kept = os.path.join(os.environ["HOME"], ".cache/ttm/spoken/chunks")
    eventually(lambda: os.path.isdir(kept) and len(os.listdir(kept)) == 2)
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 130
    said = process.stderr.read().decode()
    assert "the same command goes on from there" in said
    assert where.is_dir()
    assert not list(tmp_path.iterdir())
    words = ("say", "-m", model, "-o", "x.wav", "--resume", "--json")
    again = told(ttm(*words, input=b"One.\n\nTwo.\n\nThree.", env=faulty))
    assert (again["cached"], again["spoken"]) == (2, 1)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--resume",), "--resume goes on with files. Name them with -o"),
        (("--resume", "-o", "-"), "--resume goes on with files"),
        (("--resume", "--no-cache", "-o", "x.wav"), "which is off. Leave out --no-cache"),
        (
            ("--resume", "--set", "cache.enabled=false", "-o", "x.wav"),
            "--resume goes on from the cache, which is off",
        ),
    ],
)
def test_what_cannot_be_resumed_is_refused(ttm, words, says):
    done = ttm("say", "hi", "-m", "tone", *words)
    assert done.returncode == 2
    assert says in done.stderr.decode()


def book(pages: int, seed: int = 1) -> list[str]:
    """Sentences of a book of some 2,000 characters a page; no two are alike."""
    chance = random.Random(seed)
    words = (
        "river harbour morning window garden letter captain village mountain winter market "
        "kitchen doctor sailor engine forest walked carried noticed answered painted crossed "
        "again often slowly under over behind between water bread paper silver green heavy"
    ).split()
    sentences, size = [], 0
    while size < pages * 2_000:
        chosen = " ".join(chance.choices(words, k=chance.randint(8, 16)))
        sentences.append(f"The {chosen} {len(sentences)}.")
        size += len(sentences[-1]) + 1
    return sentences


def paragraphs(sentences: list[str]) -> str:
    return "\n\n".join(" ".join(sentences[i : i + 6]) for i in range(0, len(sentences), 6))


def test_a_book_with_an_edited_sentence_is_written_as_if_it_were_new(ttm, tmp_path):
    written_again(ttm, tmp_path, 5, "tone")


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("model", ["tone", "espeak"])
def test_a_book_of_300_pages_is_written_again_in_part_and_in_little_memory(ttm, tmp_path, model):
    written_again(ttm, tmp_path, 300, model, weighed=True)


def written_again(ttm, folder, pages: int, model: str, *, weighed: bool = False) -> None:
    sentences = book(pages)
    count = len(sentences)
    (folder / "a.txt").write_text(paragraphs(sentences))
    sentences[count // 2] = "This sentence was edited."
    (folder / "b.txt").write_text(paragraphs(sentences))
    limit = ("--set", "cache.max_bytes=20000000000")
    words = (
        "say",
        "-m",
        model,
        "--seed",
        "1",
        "-r",
        "4",
        "--set",
        "cache.every_engine=true",
        *limit,
    )
    runs = [("a", "a", ()), ("b", "b", ()), ("b", "c", ("--no-cache",))]
    counted = []
    for text, name, more in runs:
        command = (*words, "-f", f"{text}.txt", "-o", f"{name}.flac", "--json", *more)
        report = measured(command, folder) if weighed else told(ttm(*command))
        counted.append((report["chunks"], report["cached"], report["spoken"]))
    assert counted == [(count, 0, count), (count, count - 1, 1), (count, 0, count)]
    assert (folder / "b.flac").read_bytes() == (folder / "c.flac").read_bytes()


def measured(command: tuple[str, ...], folder) -> dict:
    """Run it; its report, when the memory of its own process stays flat."""
    began = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-m", "ttm", *command], cwd=folder, stdout=subprocess.PIPE
    ) as say:
        process, weights = psutil.Process(say.pid), []

        def weigh() -> None:
            while say.poll() is None:
                try:
                    weights.append(process.memory_info().rss)
                except psutil.NoSuchProcess:
                    return
                time.sleep(0.1)

        watch = threading.Thread(target=weigh)
        watch.start()
        report = json.loads(say.stdout.read())
        watch.join()
    weights = [weight for weight in weights if weight > 1 << 20]
    early, late = max(weights[: len(weights) // 4]), max(weights[len(weights) // 4 :])
    print(
        f"\n{' '.join(command[2:3])} {' '.join(command[-4:])}: {report['chunks']} chunks, "
        f"{report['cached']} cached, {report['spoken']} spoken, {report['seconds']:.0f} s of sound "
        f"in {time.monotonic() - began:.0f} s; memory {early / 1e6:.0f} MB in the first quarter, "
        f"{late / 1e6:.0f} MB after"
    )
    assert late < early + 16e6
    return report


@pytest.mark.slow
def test_a_long_text_is_not_gathered_on_its_way():
    """Chunks, reports, takes: as many objects after 1,000 sentences more as before."""
    from ttm.config import load
    from ttm.narration.narrator import Narrator

    sentences = (f"Go {number}. " for number in range(1_500))
    with Narrator(load(overrides={"cache.every_engine": True})) as narrator:
        voice, _ = narrator.voice("tone", "")
        chunks = narrator.plan(sentences, model="tone", language="en")
        narration = iter(narrator.narrate(chunks, voice=voice, model="tone"))
        counted = []
        for number, _ in enumerate(narration):
            if number in (1_000, 5_000):
                gc.collect()
                counted.append(len(gc.get_objects()))
    assert len(counted) == 2
    assert counted[1] - counted[0] < 200
