"""Bytes become text, or one sentence that says where they fail to."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttm.errors import TtmError, UnreadableText, UsageError
from ttm.text.reading import open_text, read_text


def read(blocks: list[bytes], **options: str) -> str:
    """The text that arrives when `blocks` are written one by one."""
    reader, writer = os.pipe()
    heard: list[str] = []

    def write() -> None:
        for block in blocks:
            os.write(writer, block)
        os.close(writer)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for piece in read_text(reader, name="stdin", **options):
            heard.append(piece)
    finally:
        thread.join()
        os.close(reader)
    return "".join(heard)


def complaint(blocks: list[bytes], **options: str) -> str:
    with pytest.raises(UnreadableText) as failure:
        read(blocks, **options)
    assert failure.value.exit_code == 3
    return failure.value.sentence


@given(text=st.text(max_size=60), size=st.integers(1, 7))
@settings(max_examples=60, deadline=None)
def test_text_survives_any_cut_of_its_bytes(text: str, size: int) -> None:
    data = text.encode()
    blocks = [data[i : i + size] for i in range(0, len(data), size)]
    assert read(blocks) == text.removeprefix("\ufeff")


def test_a_line_is_heard_while_its_producer_goes_on() -> None:
    reader, writer = os.pipe()
    pieces: Iterator[str] = read_text(reader, name="stdin")
    os.write(writer, b"first\n")
    assert next(pieces) == "first\n"
    os.write(writer, b"sec")
    assert next(pieces) == "sec"
    os.close(writer)
    assert list(pieces) == []
    os.close(reader)


@pytest.mark.parametrize("good", [1042, 65_536, 65_537, 200_000])
def test_a_bad_byte_is_named_with_its_place_across_blocks(good: int) -> None:
    data = b"a" * good + b"\xff" + b"b" * 100
    blocks = [data[i : i + 4096] for i in range(0, len(data), 4096)]
    assert complaint(blocks) == (
        f"stdin is not valid UTF-8 at byte {good}. Use --encoding or --errors replace"
    )


def test_a_character_cut_off_at_the_end_is_named_with_its_first_byte() -> None:
    assert "at byte 5" in complaint([b"aaaaa\xe2", b"\x82"])


def test_a_byte_order_mark_counts_as_bytes_but_not_as_text() -> None:
    assert read([b"\xef\xbb\xbf", b"hi"]) == "hi"
    assert read([b"\xef", b"\xbb\xbfhi"]) == "hi"
    assert "at byte 4" in complaint([b"\xef\xbb\xbfh\xff"])


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_another_byte_order_mark_is_recognised(encoding: str) -> None:
    data = "Grüße".encode(encoding)
    assert complaint([data[:1], data[1:]]).endswith(f"Use --encoding {encoding}")
    assert read([data[:1], data[1:]], encoding=encoding) == "Grüße"


def test_a_file_that_ends_within_a_byte_order_mark_is_invalid() -> None:
    assert "at byte 0" in complaint([b"\xef\xbb"])


def test_utf_16_without_a_mark_or_cut_in_half_is_invalid() -> None:
    assert "not valid utf-16" in complaint([b"\xff\xfea\0b"], encoding="utf-16")


def test_the_place_is_right_in_other_encodings_too() -> None:
    bad = [b"\x82\xa0" * 3, b"a\x82", b"\x01"]
    assert "not valid shift_jis at byte 7" in complaint(bad, encoding="shift_jis")


def test_bad_bytes_can_be_replaced_or_ignored() -> None:
    assert read([b"a\xffb"], errors="replace") == "a\ufffdb"
    assert read([b"a\xffb"], errors="ignore") == "ab"


@pytest.mark.parametrize(
    ("encoding", "hint"), [("uft-8", "'utf-8'"), ("base64", "Use utf-8"), ("\0", "Use utf-8")]
)
def test_an_unknown_encoding_is_refused_before_anything_is_read(encoding: str, hint: str) -> None:
    with pytest.raises(UsageError) as failure:
        read_text(-1, name="stdin", encoding=encoding)
    assert failure.value.exit_code == 2
    assert hint in failure.value.sentence


def test_an_unknown_way_to_treat_errors_is_refused() -> None:
    with pytest.raises(UsageError, match="'replace'"):
        read_text(-1, name="stdin", errors="replcae")


def test_a_non_blocking_pipe_is_waited_for() -> None:
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    timer = threading.Timer(0.05, lambda: (os.write(writer, b"late"), os.close(writer)))
    timer.start()
    assert list(read_text(reader, name="stdin")) == ["late"]
    timer.join()
    os.close(reader)


def test_a_closed_stdin_is_an_error_with_a_name() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    os.close(writer)
    with pytest.raises(UnreadableText, match="cannot read stdin"):
        list(read_text(reader, name="stdin"))


def test_a_path_that_cannot_be_read_is_named(tmp_path: os.PathLike[str]) -> None:
    for path, words in [
        (os.path.join(tmp_path, "none.txt"), "there is no file"),
        (os.fspath(tmp_path), "is a directory"),
        ("a\0b", "cannot read"),
        (os.path.join(tmp_path, "x" * 300), "too long"),
    ]:
        with pytest.raises(TtmError, match=words) as failure:
            open_text(path)
        assert failure.value.exit_code == 3
        assert path in failure.value.what


def test_a_file_is_read_through_its_descriptor(tmp_path: os.PathLike[str]) -> None:
    path = os.path.join(tmp_path, "a.txt")
    with open(path, "wb") as file:
        file.write(b"Zeile\r\n")
    fd = open_text(path)
    assert list(read_text(fd, name=path)) == ["Zeile\r\n"]
    os.close(fd)
