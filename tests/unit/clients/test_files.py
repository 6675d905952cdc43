"""Files by what they are: never by their name or by what was claimed of them (A86)."""

from __future__ import annotations

import pytest

from core.clients.files import LONGEST_NAME, PLAIN, UNKNOWN, clean_name, media_type

HARMLESS = {
    b"%PDF-1.7 ...": "application/pdf",
    b"\x89PNG\r\n\x1a\n....": "image/png",
    b"\xff\xd8\xff\xe0....": "image/jpeg",
    b"GIF89a....": "image/gif",
    b"RIFF\x10\x00\x00\x00WEBPVP8 ": "image/webp",
    b"PK\x03\x04....": "application/zip",
    b"\x1f\x8b\x08....": "application/gzip",
    "Grüße\r\naus München\n".encode(): PLAIN,
    b"name,email\nAda,ada@x.example\n": PLAIN,
}
# what a browser, a shell or an office program would run: bytes of no kind
HOSTILE = (
    b"<!DOCTYPE html><script>alert(1)</script>", b"<html>", b"  <HTML lang=en>", b"<svg xmlns=''/>",
    b'<?xml version="1.0"?><svg onload="alert(1)"/>', b"text first <script>x</script>", b"<iframe src=x>",
    b"< script >x", b"<a:svg/>", b"MZ\x90\x00 a program", b"\x7fELF\x02\x01", b"\xca\xfe\xba\xbe",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"text\0with a zero byte",
    b"\xff\xfe<\x00h\x00", b"\x00\x00\x01\x00",
    b"\xff\xd8 almost a picture", b"RIFF\x10\x00\x00\x00WAVEfmt ", "\u202egpj.exe".encode(),
    b"\x1b[2J escape",
)  # fmt: skip


@pytest.mark.parametrize(("data", "kind"), HARMLESS.items(), ids=lambda value: str(value)[:20])
def test_known_kinds(data: bytes, kind: str) -> None:
    assert media_type(data) == kind


@pytest.mark.parametrize("data", HOSTILE, ids=lambda value: str(value)[:20])
def test_what_could_run_is_of_no_kind(data: bytes) -> None:
    assert media_type(data) == UNKNOWN


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("letter.pdf", "letter.pdf"), ("../../etc/passwd", "passwd"), ("C:\\Users\\x\\tax.doc", "tax.doc"),
        ("/abs/olute", "olute"), ("nul\0byte.txt", "nulbyte.txt"), ("new\nline.txt", "newline.txt"),
        ("photo\u202egpj.exe", "photogpj.exe"), ("...", "file"), ("", "file"), ("..", "file"), (".htaccess",
        "htaccess"), ("a<b>:c|d?.txt", "abcd.txt"), ("Rechnung Müller.pdf", "Rechnung Müller.pdf"),
        ("契約書.pdf", "契約書.pdf"), ("x" * 400 + ".pdf", "x" * (LONGEST_NAME - 4) + ".pdf"),
        ("x" * 400, "x" * LONGEST_NAME), ("double.php.jpg", "double.php.jpg"),
    ],
)  # fmt: skip
def test_names_are_names_and_no_paths(given: str, kept: str) -> None:
    assert clean_name(given) == kept
