"""What is kept of what was spoken: found again whole, bounded, and never believed."""

from __future__ import annotations

import contextlib
import errno
import os
import random
import stat
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from ttm.audio import Audio
from ttm.engine import card
from ttm.models.manifest import File, Manifest, write
from ttm.models.store import Model
from ttm.narration import keys
from ttm.narration.cache import RECORDS, Cache, Full
from ttm.narration.manner import manner_of
from ttm.narration.memory import Memory
from ttm.narration.take import Damaged, Take, pack, unpack
from ttm.speech import Speech, Timing

KEY = "0f" * 32
WORDS = (Timing("word", 0, 3, -0.01, 0.2), Timing("word", 4, 7, 0.25, 0.3, exact=False))
TAKE = Take(
    (
        Audio(b"\x01\x00\xff\x7f" * 50, 22_050, "s16", WORDS),
        Audio(b"", 22_050, "s16", WORDS[:1]),
        Audio(b"\x00\x80" * 11, 22_050),
    )
)


def of(size: int) -> Take:
    """A take of about so many bytes."""
    return Take((Audio(bytes([1]) * size, 24_000),))


def named(number: int) -> str:
    return f"{number:064x}"


@pytest.fixture
def cache(tmp_path) -> Cache:
    return Cache(tmp_path / "spoken", 1_000_000)


def used(cache: Cache, key: str, ago: float) -> None:
    path = cache.folder / "chunks" / key[:2] / key[2:]
    at = time.time() - ago
    os.utime(path, (at, at))


def test_what_was_put_in_comes_out_block_by_block_and_to_the_bit(cache):
    loud = Take((Audio(os.urandom(400), 24_000, "f32", WORDS),))
    for key, take in ((KEY, TAKE), (named(1), loud)):
        assert cache.get(key) is None
        assert not cache.has(key)
        cache.put(key, take, time.time())
        assert cache.get(key) == take
        assert cache.has(key)
    status = cache.status()
    assert status.entries == 2
    assert status.seconds == pytest.approx(111 / 22_050 + 100 / 24_000)
    assert status.bytes == sum(f.stat().st_size for f in cache.folder.rglob("chunks/*/*"))


def test_what_is_kept_is_the_users_alone(cache):
    before = os.umask(0)
    try:
        cache.put(KEY, TAKE, 0)
        cache.seed(KEY, 7)
    finally:
        os.umask(before)
    for path in (cache.folder, *cache.folder.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_no_damaged_file_is_taken_for_a_take():
    whole = pack(KEY, TAKE)
    assert unpack(KEY, whole) == TAKE
    chance = random.Random(1)
    for cut in {*range(60), *chance.sample(range(len(whole)), 40)}:
        with pytest.raises(Damaged):
            unpack(KEY, whole[:cut])
    for _ in range(1500):
        block = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(min(len(block), chance.choice((44, 400, len(block)))))
            match chance.randrange(4):
                case 0:
                    block[at] ^= 1 << chance.randrange(8)
                case 1:
                    del block[at : at + chance.randint(1, 9)]
                case 2:
                    block[at:at] = chance.randbytes(chance.randint(1, 9))
                case _:
                    block[at:] = bytes(len(block) - at)
        if bytes(block) != whole:
            with pytest.raises(Damaged):
                unpack(KEY, bytes(block))
    with pytest.raises(Damaged):
        unpack(named(2), whole)


@pytest.mark.parametrize(
    "header",
    [
        b"[]",
        b"{}",
        b'{"key": "%s", "blocks": []}',
        b'{"key": "%s", "blocks": [[-1, []], [2, []]]}',
        b'{"key": "%s", "blocks": [[1e9, []]]}',
        b'{"key": "%s", "blocks": [[1, [[0, 1, NaN, 1, true]]]]}',
        b'{"key": "%s", "blocks": [[1, [[0, 1, "x", 1, true]]]]}',
        b'{"key": "%s", "blocks": [[1, [[3, 1, 0, 1, true]]]]}',
        b'{"key": "%s", "blocks": [[1, [[0]]]]}',
        b'{"key": "%s", "blocks": {"a": 1}}',
        b"[" * 100_000,
    ],
    ids=range(11),
)
def test_a_header_that_nobody_could_have_written_is_no_take_whatever_its_checksum(header):
    from ttm.narration import take

    header = header.replace(b"%s", KEY.encode())
    rest = take.HEAD.pack(take.MARK, b"", len(header), 24_000, 2)[take.CHECKED :] + header + b"\0\1"
    with pytest.raises(Damaged):
        unpack(KEY, take.MARK + take._checksum(rest) + rest)


@pytest.mark.parametrize("what", ["cut", "other", "folder", "fifo", "link"])
def test_what_is_damaged_is_a_miss_and_can_be_put_in_again(cache, tmp_path, what):
    cache.put(KEY, TAKE, 0)
    path = cache.folder / "chunks" / KEY[:2] / KEY[2:]
    whole = path.read_bytes()
    path.unlink()
    match what:
        case "cut":
            path.write_bytes(whole[:-1])
        case "other":
            path.write_bytes(pack(named(1), TAKE))
        case "folder":
            path.mkdir()
        case "fifo":
            os.mkfifo(path)
        case "link":
            (tmp_path / "x").write_bytes(whole)
            path.symlink_to(tmp_path / "x")
    assert cache.get(KEY) is None
    if what in ("cut", "other"):
        assert not path.exists()
    if what != "folder":
        cache.put(KEY, TAKE, 0)
        assert cache.get(KEY) == TAKE


def test_what_was_used_longest_ago_makes_room(cache):
    for number in range(9):
        cache.put(named(number), of(100_000), time.time())
        used(cache, named(number), 100 - number)
    cache.get(named(0))  # a use
    cache.put(named(9), of(100_000), time.time())
    assert cache.get(named(1)) is None
    assert cache.get(named(0))
    assert cache.get(named(9))
    assert cache.status().bytes <= cache.max_bytes


def test_room_is_not_made_at_every_write(cache, monkeypatch):
    scans = []
    scan = Cache._scan
    monkeypatch.setattr(Cache, "_scan", lambda self: scans.append(1) or scan(self))
    for number in range(150):
        cache.put(named(number), of(9_000), time.time() + 1)
    # Without a total, one to count; then one whenever a tenth was written.
    assert len(scans) <= 1 + 150 * 9_200 / 100_000 + 2
    assert cache.status().bytes <= cache.max_bytes


def test_a_text_never_pushes_out_what_it_needs_itself(cache):
    cache.put(named(100), of(100_000), 0)
    used(cache, named(100), 50)
    began = time.time() - 1
    kept = 0
    with contextlib.suppress(Full):
        while kept < 20:
            cache.put(named(kept), of(100_000), began)
            kept += 1
    assert 8 <= kept < 10
    assert all(cache.get(named(number)) for number in range(kept))
    assert cache.get(named(100)) is None


@pytest.mark.parametrize("junk", [b"", b"abc", b"\xff" * 8, b"\0" * 8 * (RECORDS + 2)])
def test_a_damaged_total_is_counted_anew(cache, junk):
    cache.put(KEY, TAKE, 0)
    (cache.folder / "total").write_bytes(junk)
    cache.put(named(1), TAKE, 0)
    assert cache._counted() == cache.status().bytes


def test_several_at_once_lose_nothing_and_stay_within_the_limit(tmp_path):
    failures: list[BaseException] = []

    def work(start: int) -> None:
        own = Cache(tmp_path / "spoken", 300_000)
        try:
            for number in range(start, start + 60):
                own.put(named(number % 97), of(10_000 + number % 97), time.time() + 1)
                found = own.get(named(number % 97))
                assert found in (None, of(10_000 + number % 97))
                if number % 25 == 0:
                    own.clear()
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(start,)) for start in (0, 30, 60, 90)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert not failures
    own = Cache(tmp_path / "spoken", 300_000)
    own.put(KEY, of(20_000), time.time() + 1)
    assert own.status().bytes <= 300_000 + 4 * 10_400
    assert not list(own.folder.rglob("*.part"))


def test_a_folder_that_is_cleared_away_while_it_is_written_to_is_made_again(cache, monkeypatch):
    made = Path.mkdir
    left = 3

    def mkdir(path: Path, *args: object, **options: object) -> None:
        nonlocal left
        if path.name == KEY[:2] and left:
            left -= 1
            cache.clear()  # another ttm takes `chunks` away before its folder is made
        made(path, *args, **options)

    monkeypatch.setattr(Path, "mkdir", mkdir)
    cache.put(KEY, TAKE, 0)
    assert left == 0
    assert cache.get(KEY) == TAKE


def test_what_a_killed_writer_left_is_swept_away(cache):
    cache.put(KEY, TAKE, 0)
    left = cache.folder / "chunks" / KEY[:2] / ".abc.part"
    left.write_bytes(b"x")
    os.utime(left, (1, 1))
    fresh = left.with_name(".def.part")
    fresh.write_bytes(b"x")
    assert cache.status().entries == 1
    assert (left.exists(), fresh.exists()) == (False, True)


def test_a_seed_is_drawn_once(cache):
    assert [cache.seed(KEY, drawn) for drawn in (5, 6)] == [5, 5]
    assert cache.seed(named(1), 6) == 6
    (path,) = (cache.folder / "seeds").glob("0f*")
    for junk in (b"", b"x\n", b"99999999999\n", b"9999999999\n"):
        path.write_bytes(junk)
        assert [cache.seed(KEY, drawn) for drawn in (8, 9)] == [8, 8]
        assert path.read_bytes() == b"8\n"
    cache.clear()
    assert cache.seed(KEY, 11) == 11


@pytest.mark.parametrize("folder", ["file/spoken", "/proc/none/spoken", "relative"])
def test_where_nothing_can_be_kept_nothing_is_found_and_nothing_is_made(
    tmp_path, monkeypatch, folder
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    cache = Cache(Path(folder) if folder == "relative" else tmp_path / folder, 1000)
    assert cache.get(KEY) is None
    assert cache.status().entries == 0
    with pytest.raises(OSError):  # noqa: PT011
        cache.put(KEY, TAKE, 0)
    with pytest.raises(OSError):  # noqa: PT011
        cache.seed(KEY, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_full_disk_costs_one_note(cache, monkeypatch):
    class Ready:
        ready, stops, effective, options = True, 0, {}, {}

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def spoken():
        from ttm.narration.attempts import Outcome

        yield from TAKE.blocks
        return Outcome(heard=True, clean=True)

    notes: list[str] = []
    levels: list[float] = []
    memory = Memory(cache, {"options": {}}, Ready(), note=notes.append)
    monkeypatch.setattr("ttm.narration.cache.os.replace", full)
    for text in ("One.", "Two."):
        manner = manner_of(Speech(text), card("qwen3"))
        assert list(memory.through(manner, spoken(), levels.extend)) == list(TAKE.blocks)
    assert len(notes) == 1
    assert "No space left on device" in notes[0]
    assert not list(cache.folder.rglob("*.part"))


SPEECH = Speech("Hello.", "ryan", "en", seed=5, instruct="softly")


def shared(options: dict, effective: dict | None = None, **about: object) -> bytes:
    model = Model("m", "qwen3", about.pop("folder", None))
    judged = bool(about.pop("judged", True))
    found = keys.base(model, card("qwen3"), options, Path("/none"), judged=judged)
    return keys.shared(found, effective or {})


def key(**about: object) -> str:
    speech = replace(SPEECH, **about)
    return keys.chunk(b"x", speech, keys.voice({}, speech))


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"text": "Hello!"}, False),
        ({"voice": "vivian"}, False),
        ({"language": "de"}, False),
        ({"seed": 6}, False),
        ({"instruct": ""}, False),
        ({"rate": 1.1}, False),
        ({"pitch": 1.0}, False),
        ({"transcript": "So it goes."}, False),
        ({"volume": -6.0}, True),
        ({"continues": True}, True),
    ],
)
def test_a_chunk_has_the_key_of_what_can_be_heard_in_it(change, same):
    assert (key() == key(**change)) == same


def test_what_an_engine_runs_with_counts_where_it_is_heard():
    plain = shared({"device": "auto", "threads": 0, "temperature": -1.0}, {"device": "cpu"})
    assert shared({"device": "cpu", "threads": 2, "temperature": -1.0}, {"device": "cpu"}) == plain
    assert shared({"device": "auto", "temperature": -1.0}, {"device": "cuda:0"}) != plain
    assert shared({"device": "auto", "temperature": 0.5}, {"device": "cpu"}) != plain
    assert shared({"device": "auto", "temperature": -1.0}, {"device": "cpu"}, judged=False) != plain


def test_a_server_is_its_address_its_model_and_what_it_calls_the_voice():
    plain = {"name": "home", "url": "http://a/v1", "model": "k", "voices": {"ryan": "r1"}}
    same = {**plain, "name": "work", "key_file": "k", "voices": {"ryan": "r1", "anna": "a"}}
    assert shared(same) == shared(plain)
    for change in ({"url": "http://b/v1"}, {"model": "l"}):
        assert shared({**plain, **change}) != shared(plain)
    assert keys.voice(same, SPEECH) == keys.voice(plain, SPEECH)
    assert keys.voice({"voices": {"ryan": "r2"}}, SPEECH) != keys.voice(plain, SPEECH)


def test_what_is_bent_afterwards_has_another_key():
    who = keys.voice({}, SPEECH)
    assert keys.chunk(b"x", SPEECH, who, (1.0, 1.2)) != keys.chunk(b"x", SPEECH, who)


def test_other_weights_have_other_keys(tmp_path):
    folder = tmp_path / "Owner--Name" / ("a" * 40)
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(b"one")
    before = shared({}, folder=folder)
    (folder / ".used").touch()
    assert shared({}, folder=folder) == before
    os.utime(folder / "model.safetensors", (5, 5))
    assert shared({}, folder=folder) != before
    # Where they were verified, it is what they are that counts, and not when they came.
    about = ("Owner/Name", "a" * 40, "main", "https://hub", "2026-11-22T10:00:00Z")
    found = []
    for digest in ("1" * 64, "2" * 64):
        write(folder.parent, Manifest(*about, (File("model.safetensors", 3, digest),)))
        for at in (5, 6):
            os.utime(folder / "model.safetensors", (at, at))
            found.append(shared({}, folder=folder))
    assert found[0] == found[1] != found[2] == found[3]


def test_a_recording_is_known_by_what_is_in_it(tmp_path):
    one, copy, other = (tmp_path / name for name in ("one.wav", "copy.wav", "other.wav"))
    one.write_bytes(b"sound")
    copy.write_bytes(b"sound")
    other.write_bytes(b"sounds")
    found = [key(recording=str(path)) for path in (one, copy, other)]
    assert found[0] == found[1] != found[2]
