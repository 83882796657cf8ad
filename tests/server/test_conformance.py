"""`ttm conformance` on ourselves."""

from __future__ import annotations

import json

import pytest

QUICK = ("openai-python/models", "openai-python/sse", "open-webui", "openai-tts", "curl/expect")
"""A look at each client; all of them take the server 15 s."""


@pytest.mark.parametrize("names", [QUICK, pytest.param((), marks=pytest.mark.slow)])
def test_every_row_holds_on_ourselves(start, ttm, tmp_path, names):
    key = tmp_path / "key"
    key.write_text("some-key\n")
    key.chmod(0o600)
    server = start("--set", f"server.api_key_file={key}")
    only = [word for name in names for word in ("--only", name)]
    url = f"http://127.0.0.1:{server.port}"
    done = ttm("conformance", url, "--key-file", key, "--json", *only)
    rows = json.loads(done.stdout)["checks"]
    assert [(row["name"], row["why"]) for row in rows if row["state"] == "fails"] == []
    assert any(row["state"] == "ok" for row in rows)
    skipped = {row["name"] for row in rows if row["state"] == "skipped"}
    assert skipped <= {"openai-python/aac", "open-webui/no-key"}
    assert done.returncode == 0
