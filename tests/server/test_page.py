"""The page at `/`: what it is made of, and what a browser does with it."""

from __future__ import annotations

import re
import shutil
from importlib.resources import files

import pytest

from ttm.server.page import PARTS

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, BROWSERS)), "")
PATIENCE = 30_000
"""Milliseconds that a browser may take."""


@pytest.fixture(scope="module")
def server(common):
    return common


def test_it_loads_nothing_that_is_not_its_own(server):
    page = server.ask("GET", "/")
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    text = page.body.decode()
    assert set(re.findall(r'(?:src|href)="([^"#]+)"', text)) < {f"page/{name}" for name in PARTS}
    assert not re.search(r"<style|style=|\son\w+=|<script(?![^>]*src=)", text)
    for name, kind in PARTS.items():
        part = server.ask("GET", f"/page/{name}")
        assert (part.status, part.headers["content-type"]) == (200, kind)
        assert "//" not in re.sub(r"^\s*//.*$|http://www.w3.org/\d+/svg| // .*$", "",
                                  part.body.decode(), flags=re.M)  # fmt: skip


def test_every_part_is_served(server):
    there = {one.name for one in files("ttm.server.page").iterdir() if "." in one.name}
    assert there - {"__init__.py", "index.html"} == PARTS.keys()


def test_everything_on_it_has_a_name(server):
    text = server.ask("GET", "/").body.decode()
    named = set(re.findall(r'<label for="(\w+)"', text))
    fields = set(re.findall(r'<(?:input|select|textarea) id="(\w+)"', text))
    assert fields == named
    assert '<html lang="en">' in text


def test_without_a_loudspeaker_that_is_said_at_once(server):
    asked = {"text": "beep", "settings": {"say.model": "tone"}, "play": True}
    answer = server.ask("POST", "/v1/ttm/say", asked)
    assert (answer.status, answer.code) == (500, "no_audio_device")


@pytest.fixture
def browser():
    driver = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM:
        pytest.skip("there is no Chromium here")
    with driver.sync_playwright() as started:
        flags = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        opened = started.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield opened
        opened.close()


@pytest.mark.slow
def test_a_text_is_typed_heard_seen_and_stopped(server, browser, tmp_path):
    from playwright.sync_api import expect

    expect.set_options(timeout=PATIENCE)
    page = browser.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda failure: wrong.append(str(failure)))
    page.on("console", lambda said: said.type == "error" and wrong.append(said.text))
    page.goto(f"http://127.0.0.1:{server.port}/")
    expect(page.locator("#state")).to_have_text("Ready")
    page.select_option("#model", "tone")
    page.fill("#text", "beep " * 60)
    page.fill("#rate", "0.5")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#said")).to_contain_text("speaks (tone)")
    expect(page.locator("#clock")).to_have_text(re.compile(r"^[1-9]"))
    expect(page.locator("#wave")).to_have_attribute("aria-label", re.compile(r"of \d+\.\d seconds"))
    colours = page.locator("#wave").evaluate(
        "wave => new Set(new Uint32Array(wave.getContext('2d').getImageData("
        "0, 0, wave.width, wave.height).data.buffer)).size"
    )
    assert colours > 2
    page.screenshot(path=tmp_path / "page.png")
    page.keyboard.press("Escape")
    expect(page.locator("#said")).to_have_text("Stopped")
    expect(page.locator("#speak")).to_be_enabled()
    server.until(lambda: server.metric('ttm_busy{model="tone"}') == 0.0)
    # To its end, and then it can be saved.
    page.fill("#text", "beep")
    page.click("#speak")
    expect(page.locator("#said")).to_have_text("Said")
    expect(page.locator("#save")).to_be_visible()
    assert wrong == []
    # A refusal is told in words.
    page.fill("#voice", "nobody")
    page.click("#speak")
    expect(page.locator("#trouble")).to_contain_text("unknown voice 'nobody'")
