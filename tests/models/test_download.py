"""A model comes whole or not at all, whatever networks and disks do."""

from __future__ import annotations

import hashlib
import json
import resource
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ttm.models import download
from ttm.models.download import Coming
from ttm.models.inventory import ABSENT, COMPLETE, PARTIAL, holding, remove, verify
from ttm.models.place import Place

REPO = "Tiny/Voice"
BIG = "model.safetensors"


def test_every_file_comes_once_and_is_what_the_hub_lists(hub, store, bring, state):
    told: list[Coming] = []
    brought = bring(tell=told.append)
    kept = {p.relative_to(brought.folder).as_posix() for p in brought.folder.rglob("*.*")}
    assert kept == {name for name in hub.repos[REPO] if name not in ("README.md", "canary.py")}
    for file in brought.manifest.files:
        content = hub.repos[REPO][file.path]
        assert (brought.folder / file.path).read_bytes() == content
        assert (file.size, file.sha256) == (len(content), hashlib.sha256(content).hexdigest())
        assert hub.sent[file.path] == file.size
    assert (state(), brought.manifest.revision) == (COMPLETE, hub.commit(REPO))
    assert verify(store, REPO, lambda *_: None) == []
    states = [each.state for each in told]
    assert list(dict.fromkeys(states)) == ["checking", "validating", "downloading", "ready"]
    assert told[-1].done == told[-1].total == brought.manifest.size == brought.fetched
    assert max(each.rate for each in told) > 0


def test_a_model_that_is_here_is_left_alone_without_a_question(hub, bring):
    first = bring()
    hub.log.clear()
    assert bring().manifest == first.manifest
    assert bring(revision="main").fetched == 0
    assert bring(revision=first.manifest.revision[:12]).fetched == 0
    assert hub.log == []


@pytest.mark.parametrize("part", [0.25, 0.5, 0.99])  # B1
def test_what_was_cut_off_goes_on_where_it_ended(hub, store, bring, part, refused, state, asked):
    size = len(hub.repos[REPO][BIG])
    at = int(size * part)
    hub.always[BIG] = hub.cut(at)
    said = refused()
    assert "download interrupted at " in said
    assert "Run the same command again to go on from there" in said
    assert state() == PARTIAL
    # Nothing new came with the second attempt, and that was one too many.
    assert asked() == [None, f"bytes={at}-"]
    hub.always.clear()
    hub.sent.clear()
    brought = bring()
    assert (hub.sent[BIG], hub.sent["config.json"]) == (size - at, 0)
    assert brought.fetched == brought.manifest.size - at - len(hub.repos[REPO]["config.json"])
    assert verify(store, REPO, lambda *_: None) == []


def test_a_connection_that_breaks_again_and_again_brings_it_all_in_the_end(hub, bring):  # B1
    size = len(hub.repos[REPO][BIG])
    hub.faults[BIG] = [hub.cut(at) for at in range(20_000, size, 20_000)]
    brought = bring()
    assert hub.sent[BIG] == size
    assert (brought.folder / BIG).read_bytes() == hub.repos[REPO][BIG]


def test_a_hub_without_ranges_begins_anew_and_nothing_is_there_twice(hub, bring):  # B1
    hub.faults[BIG] = [hub.cut(50_000), hub.no_ranges]
    assert (bring().folder / BIG).read_bytes() == hub.repos[REPO][BIG]


def test_wrong_bytes_are_fetched_anew_once_and_never_kept(hub, bring):  # B2
    hub.faults[BIG] = [hub.wrong_bytes]
    assert (bring().folder / BIG).read_bytes() == hub.repos[REPO][BIG]
    assert hub.sent[BIG] == 2 * len(hub.repos[REPO][BIG])


def test_wrong_bytes_that_stay_wrong_are_refused_and_the_old_ones_serve(
    hub, store, bring, refused, state
):
    old = bring()  # B2
    hub.repos[REPO] = hub.checkpoint(seed=1)
    hub.always[BIG] = hub.wrong_bytes
    hub.sent.clear()
    said = refused(update=True)
    right = hashlib.sha256(hub.repos[REPO][BIG]).hexdigest()
    assert f"checksum mismatch for {BIG} (expected {right[:12]}..., got " in said
    assert hub.sent[BIG] == 2 * len(hub.repos[REPO][BIG])
    assert not list(Place(store, REPO).parts.iterdir())
    assert (state(), holding(REPO, store, store).folder) == (COMPLETE, old.folder)


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (("instead", b"<!DOCTYPE html><p>Please log in"), "is a web page"),
        (("instead", b"<html>", "text/plain"), "is a web page"),
        (("instead", b"version https://git-lfs.github.com/spec/v1\noid ", "text/plain"), "pointer"),
        (("instead", b"Not found", "text/plain"), "is something of 9 bytes"),
    ],
    ids=["portal", "mislabelled", "pointer", "9 bytes"],
)
def test_what_is_no_checkpoint_is_named(hub, store, bring, fault, says, refused):  # B3
    hub.always[BIG] = getattr(hub, fault[0])(*fault[1:])
    said = refused()
    assert f"sent for {BIG} is " in said
    assert says in said
    assert "not a safetensors file. Check models.endpoint" in said
    assert not any(part.stat().st_size for part in Place(store, REPO).parts.iterdir())
    hub.always.clear()
    bring()


def test_more_or_less_than_was_listed_without_a_length_is_not_kept(hub, bring, refused):
    hub.faults[BIG] = [hub.instead(hub.repos[REPO][BIG] + b"more", "x/y", sized=False)]
    assert f"sent too much for {BIG}" in refused()
    hub.faults[BIG] = [hub.instead(hub.repos[REPO][BIG][:70_000], "x/y", sized=False)]
    assert bring().fetched


def test_room_is_looked_for_before_anything_is_fetched(store, hub, monkeypatch, refused):  # B5
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(download.shutil, "disk_usage", lambda _: usage._replace(free=1_200_000))
    said = refused()
    assert said.startswith("Tiny/Voice needs 209.")
    assert f"kB, and 1.2 MB are free in {store}. Make room there, or set models.dir" in said
    assert not hub.sent[BIG]


@pytest.fixture
def _small_files() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("_small_files")
def test_a_disk_that_is_full_half_way_ends_it_at_once(store, refused, state, asked):  # B5
    said = refused()
    assert f"cannot write {store}" in said
    assert "File too large. A limit forbids files that large" in said
    assert asked() == [None]
    assert state() == PARTIAL


def test_what_lay_there_already_is_not_fetched_again(hub, store, bring, state):  # B6
    first = bring()
    for file in first.manifest.files:
        (loose := store / "Tiny--Voice" / file.path).parent.mkdir(exist_ok=True)
        shutil.move(first.folder / file.path, loose)
    (store / "Tiny--Voice/manifest.json").unlink()
    hub.sent.clear()
    assert bring().fetched == 0
    assert hub.sent.keys() == {"listing"}
    assert not (store / "Tiny--Voice" / BIG).exists()
    (first.folder / BIG).write_bytes(b"x" * len(hub.repos[REPO][BIG]))
    assert verify(store, REPO, lambda *_: None) == [BIG]
    assert state() == PARTIAL
    assert bring().fetched == len(hub.repos[REPO][BIG])


def test_no_link_leads_out_of_the_folder(hub, store, bring, tmp_path, refused):  # B12
    (elsewhere := tmp_path / "elsewhere").mkdir()
    place = Place(store, REPO)
    folder = place.revision(hub.commit(REPO))
    folder.mkdir(parents=True)
    (folder / "speech_tokenizer").symlink_to(elsewhere)
    assert "is a link, which could lead out of ttm's folder. Remove it" in refused()
    (folder / "speech_tokenizer").unlink()
    place.parts.mkdir(exist_ok=True)
    part = place.parts / hashlib.sha256(hub.repos[REPO][BIG]).hexdigest()
    part.symlink_to(elsewhere / "x")
    assert f"cannot write {part}: Too many levels of symbolic links" in refused()
    part.unlink()
    (folder / BIG).symlink_to(elsewhere / "x")
    assert not (bring().folder / BIG).is_symlink()
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("kind", ["file", "read-only"])
def test_a_store_that_cannot_be_written_is_named(store, kind, monkeypatch, refused):  # B13
    if kind == "file":
        store.write_text("x")
        says = f"cannot write {store}/.locks: Not a directory. A part of its path is a file"
    else:
        says = f"cannot write {store}: Read-only file system. Choose a place"

        def refuse(*_: object, **__: object) -> None:
            raise OSError(30, "Read-only file system", str(store))

        monkeypatch.setattr(Path, "mkdir", refuse)
    assert says in refused()


def test_a_revision_is_pinned_until_an_update_is_asked_for(hub, bring):  # B15
    old = bring()
    hub.repos[REPO] = hub.checkpoint(seed=1)
    hub.sent.clear()
    assert bring().manifest == old.manifest
    assert not hub.sent
    new = bring(update=True)
    assert new.manifest.revision == hub.commit(REPO) != old.manifest.revision
    # Only what differs came; the rest was there.
    assert hub.sent.keys() == {"listing", BIG}
    assert not old.folder.exists()
    assert bring(update=True).fetched == 0


def test_a_part_of_a_file_serves_a_newer_revision_that_has_the_same(hub, bring, refused):
    hub.always[BIG] = hub.cut(100_000)
    refused()
    hub.always.clear()
    hub.repos[REPO]["vocab.json"] = b'{"a": 1}'
    hub.sent.clear()
    bring()
    assert hub.sent[BIG] == len(hub.repos[REPO][BIG]) - 100_000


def test_a_manifest_that_was_tampered_with_is_none(store, bring, tmp_path, state):
    path = store / "Tiny--Voice/manifest.json"
    good = json.loads((bring(), path.read_text())[1])
    (tmp_path / "x.json").write_text("{}")
    file = good["files"][0]
    for wrong in (
        {**good, "revision": "../.."},
        {**good, "files": []},
        {**good, "files": [{**file, "path": "../../../x.json", "size": 2}]},
        {**good, "files": [{**file, "size": -1}]},
        {**good, "files": [{**file, "sha256": "x"}]},
        {**good, "hub": 3},
        {**good, "more": 1},
        [],
    ):
        path.write_text(json.dumps(wrong))
        assert state() == PARTIAL
    path.write_text(json.dumps(good))
    assert state() == COMPLETE


def test_a_link_in_the_store_is_removed_and_not_what_it_leads_to(store, bring, state, tmp_path):
    bring()
    elsewhere = (store / "Tiny--Voice").rename(tmp_path / "elsewhere")
    (store / "Tiny--Voice").symlink_to(elsewhere)
    assert state() == COMPLETE
    assert remove(store, REPO) == 0
    assert state() == ABSENT
    assert (elsewhere / "manifest.json").is_file()
