"""Which build of torch fits a machine, and where it comes from."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ttm.runtime.flavour import ALL, choose, detect
from ttm.runtime.installer import wanted
from ttm.runtime.pinned import NEEDED, pins

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="what Linux tells")


@pytest.mark.parametrize(
    ("cards", "flavour"),
    [
        ("580.65.06, 9.0", "cuda"),
        ("581.08, 12.0\n581.08, 6.1", "cuda12"),
        ("535.183.01, 8.6", "cuda12"),
        ("NVIDIA-SMI has failed because it could not communicate with the driver", "cpu"),
        ("", "cpu"),
    ],
)
def test_the_cards_decide(tmp_path, cards, flavour):
    smi = tmp_path / "nvidia-smi"
    smi.write_text(f"#!/bin/sh\ncat <<'END'\n{cards}\nEND\n")
    smi.chmod(0o755)
    found, why = detect({"PATH": f"{tmp_path}:/bin:/usr/bin"})
    assert found == flavour
    assert ("was found" in why) == (flavour != "cpu") or "no graphics card" in why


@pytest.mark.parametrize(
    ("named", "environ", "index"),
    [
        ("", {}, "https://download.pytorch.org/whl/cpu"),
        ("", {"PIP_INDEX_URL": "https://own"}, ""),
        ("", {"UV_FIND_LINKS": "/wheels"}, ""),
        ("", {"PIP_CERT": "/ca.pem", "UV_CACHE_DIR": "/c"}, "https://download.pytorch.org/whl/cpu"),
        ("https://mirror", {"PIP_INDEX_URL": "https://own"}, "https://mirror"),
    ],
)
def test_torch_s_own_index_is_asked_unless_somebody_said_where_packages_come_from(
    named, environ, index
):
    words = wanted(choose("cpu")[0], Path("rest.txt"), named, environ)
    assert ("--extra-index-url" in words) == bool(index)
    assert not index or words[words.index("--extra-index-url") + 1] == index
    assert f"torch=={pins()['torch']}+cpu" in words


def test_every_build_is_of_the_torch_that_is_pinned_and_takes_more_than_it_fetches():
    for flavour in ALL:
        assert flavour.torch.partition("+")[0] == pins()["torch"]
        assert 0 < flavour.fetched < flavour.kept
        assert flavour.index.endswith(flavour.local)


def test_what_is_needed_is_pinned():
    assert set(NEEDED) <= set(pins())
    assert all(version[0].isdigit() for version in pins().values())
