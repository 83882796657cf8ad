"""The script of a text suggests its language; whether it can be said depends on its characters."""

# ruff: noqa: RUF001

from __future__ import annotations

import sys
import unicodedata

import pytest

from ttm.text.language import script_language
from ttm.text.speakable import speakable, wordy


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Hello", ""),
        ("123 …", ""),
        ("", ""),
        ("你好，世界", "cmn"),
        ("東京に行きます", "ja"),
        ("ﾊﾝｶｸ", "ja"),
        ("안녕하세요", "ko"),
        ("Привет, world", "ru"),
        ("Γειά", "el"),
        ("مرحبا", "ar"),
        ("שלום", "he"),
        ("नमस्ते", "hi"),
        ("สวัสดี", "th"),
        ("Բարև", "hy"),
        ("გამარჯობა", "ka"),
        ("হ্যালো", "bn"),
        ("வணக்கம்", "ta"),
        ("హలో", "te"),
        ("ಹಲೋ", "kn"),
        ("ഹലോ", "ml"),
        ("હેલો", "gu"),
        ("ਸਤ", "pa"),
        ("හෙලෝ", "si"),
        ("ሰላም", "am"),
        ("မင်္ဂလာ", "my"),
        ("The word 世界 means world", ""),
        ("a" + "я" * 3000, "ru"),
    ],
)
def test_most_letters_decide(text: str, language: str) -> None:
    assert script_language(text) == language


@pytest.mark.parametrize("text", ["a", "…5", "½", "世", "€", "=", "👍", "♥", "❗️", "\u200b#️⃣"])
def test_letters_digits_symbols_and_emoji_can_be_said(text: str) -> None:
    assert speakable(text)


@pytest.mark.parametrize("text", ["", " \n", "…", "***", "--- _", "\u200b", "\u0301", "。」"])
def test_marks_and_spaces_alone_cannot_be_said(text: str) -> None:
    assert not speakable(text)


def test_wordy_means_the_categories_of_letters_and_numbers() -> None:
    for code in range(sys.maxunicode + 1):
        char = chr(code)
        assert wordy(char) == (unicodedata.category(char)[0] in "LN"), hex(code)
    assert not wordy("👍")
