"""A checkpoint's folder: what it holds, read before transformers is imported; and its loading."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ttm.errors import BadCheckpoint

JSON_MAX = 4 << 20
"""Bytes of a JSON file; vocabularies of letters and phonemes have some kB."""
CARD_MAX = 1 << 20
"""Bytes of a README.md."""
LISTED = 3
"""Tensors that an error names."""
PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt")
LANGUAGES_MAX = 64

COMPLETE = "Fetch the checkpoint again"

# ISO 639-3, as MMS names its languages, where the tag that everybody knows has two letters.
SHORT = {
    "ara": "ar", "ben": "bn", "bul": "bg", "cat": "ca", "ces": "cs", "cmn": "zh", "cym": "cy",
    "dan": "da", "deu": "de", "ell": "el", "eng": "en", "est": "et", "eus": "eu", "fas": "fa",
    "fin": "fi", "fra": "fr", "glg": "gl", "guj": "gu", "hau": "ha", "heb": "he", "hin": "hi",
    "hrv": "hr", "hun": "hu", "hye": "hy", "ind": "id", "isl": "is", "ita": "it", "jav": "jv",
    "jpn": "ja", "kan": "kn", "kat": "ka", "kaz": "kk", "khm": "km", "kor": "ko", "lao": "lo",
    "lat": "la", "lav": "lv", "lit": "lt", "mal": "ml", "mar": "mr", "mkd": "mk", "mon": "mn",
    "mya": "my", "nld": "nl", "nor": "no", "pan": "pa", "pol": "pl", "por": "pt", "ron": "ro",
    "rus": "ru", "slk": "sk", "slv": "sl", "som": "so", "spa": "es", "sqi": "sq", "srp": "sr",
    "swe": "sv", "swh": "sw", "tam": "ta", "tel": "te", "tgl": "tl", "tha": "th", "tur": "tr",
    "ukr": "uk", "urd": "ur", "vie": "vi", "yor": "yo", "zho": "zh", "zlm": "ms",
}  # fmt: skip


def model_type(folder: Path) -> str:
    """What config.json calls the model. Raises BadCheckpoint, for pickled weights too."""
    if not any(
        (folder / f"model{end}").is_file() for end in (".safetensors", ".safetensors.index.json")
    ):
        if any(next(folder.glob(pattern), None) for pattern in PICKLES):
            raise BadCheckpoint(
                f"{folder} holds pickled weights, which can run any code",
                "Take a checkpoint with a model.safetensors",
            )
        raise BadCheckpoint(f"{folder} holds no model.safetensors", COMPLETE)
    found = read_json(folder / "config.json").get("model_type")
    return found if isinstance(found, str) else ""


def read_json(path: Path, *, needed: bool = True) -> dict[str, Any]:
    """A JSON object; an empty one where there is no file and none is needed.

    Raises BadCheckpoint.
    """
    if not path.is_file():  # a FIFO would be waited for
        if needed:
            raise BadCheckpoint(f"{path} is missing", COMPLETE)
        return {}
    try:
        with path.open("rb") as file:
            text = file.read(JSON_MAX + 1)
        found = json.loads(text) if len(text) <= JSON_MAX else None
    except (OSError, ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise BadCheckpoint(f"{path} is no JSON object", COMPLETE)
    return found


def languages(folder: Path) -> tuple[str, ...]:
    """The tags in the head of the README.md with which checkpoints are published; often none."""
    try:
        with (folder / "README.md").open("rb") as file:
            text = file.read(CARD_MAX).decode(errors="replace").replace("\r\n", "\n")
    except OSError:
        return ()
    head = text.partition("\n---")[0] if text.startswith("---\n") else ""
    found = re.search(r"(?m)^languages?:[ \t]*(.*(?:\n[ \t]*-[ \t].*)*)", head)
    words = re.findall(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*\b", found[1]) if found else []
    return tuple(dict.fromkeys(map(tag, words)))[:LANGUAGES_MAX]


def tag(name: str) -> str:
    """The usual tag of a language: `deu` is `de`; `deu-script_latin`, as MMS writes it, too."""
    first = name.casefold().partition("-")[0]
    return SHORT.get(first, name.casefold().partition("-script")[0])


def loaded(part: Any, folder: Path | str, **more: Any) -> Any:
    """A model of this class, whole, in float32 and ready to speak.

    Raises BadCheckpoint for a file that is missing, damaged, or does not fit the class.
    """
    import torch

    def load() -> Any:
        return part.from_pretrained(
            folder,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            dtype=torch.float32,
            output_loading_info=True,
            **more,
        )

    model, report = attempted(load, folder)
    wrong = [str(name) for name in sorted(report["missing_keys"])]
    wrong += [str(name[0]) for name in report["mismatched_keys"]]
    if wrong:
        raise BadCheckpoint(
            f"the checkpoint in {folder} lacks {', '.join(wrong[:LISTED])}, or has it in another "
            f"shape ({len(wrong)} in all)",
            COMPLETE,
        )
    if left := [name for name, tensor in model.named_parameters() if tensor.is_meta]:
        raise BadCheckpoint(f"the checkpoint in {folder} lacks {left[0]}", COMPLETE)
    return model.eval()


def attempted(load: Callable[[], Any], folder: Path | str) -> Any:
    """What `load` gives; whatever the library raises is a BadCheckpoint.

    It raises OSError, ValueError, KeyError, errors of safetensors and of its own validators, and
    for a damaged configuration whatever the code happens to run into.
    """
    try:
        return load()
    except MemoryError:
        raise
    except Exception as failure:
        said = str(failure).strip().partition("\n")[0][:160]
        raise BadCheckpoint(
            f"transformers cannot load the checkpoint in {folder} "
            f"({type(failure).__name__}: {said})",
            COMPLETE,
        ) from failure
