"""The page at `/`: a text, a voice, and what is heard; everything it needs comes from here."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files

from fastapi import APIRouter, Response

HTML = "text/html; charset=utf-8"
SCRIPT = "text/javascript; charset=utf-8"
PARTS = {
    "frames.js": SCRIPT,
    "icon.svg": "image/svg+xml",
    "page.css": "text/css; charset=utf-8",
    "page.js": SCRIPT,
    "server.js": SCRIPT,
    "sound.js": SCRIPT,
    "wave.js": SCRIPT,
}
"""The files beside `index.html`, and what each is."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""What the page may load: nothing but its own parts and this server's answers."""


def _part(name: str, kind: str) -> Callable[[], Response]:
    content = files(__name__).joinpath(name).read_bytes()

    def answer() -> Response:
        headers = {
            "Content-Security-Policy": POLICY,
            "Cross-Origin-Opener-Policy": "same-origin",
            "Referrer-Policy": "no-referrer",
        }
        return Response(content, media_type=kind, headers=headers)

    return answer


router = APIRouter(include_in_schema=False)
router.get("/")(_part("index.html", HTML))
for _name, _kind in PARTS.items():
    router.get(f"/page/{_name}")(_part(_name, _kind))
