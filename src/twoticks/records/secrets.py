"""The master key: seals credentials at rest and gives every other purpose a key of its own."""

from __future__ import annotations

import base64
import binascii
import contextlib
import os
import secrets
import stat
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from twoticks.errors import Misconfigured, StoreDamaged
from twoticks.settings import Settings

KEY_BYTES = 32
VERSION = 1
ID_BYTES = 4
NONCE_BYTES = 12
SETTING = "TWOTICKS_KEY"


class MasterKey:
    """32 secret bytes. Sealed bytes are: version (1), key id (4), nonce (12), AES-256-GCM text and tag.

    The key id says which key sealed them, so that keys can be exchanged; it tells nothing about the key.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise Misconfigured(f"The master key must be {KEY_BYTES} bytes in base64", field=SETTING)
        self._key = key
        self._header = bytes((VERSION,)) + self.derive("key id")[:ID_BYTES]
        self._cipher = AESGCM(self.derive("seal"))

    @classmethod
    def load(cls, settings: Settings) -> Self:
        """The key of the settings, else that of the file `key` in the data folder, which is made when missing.

        Raises Misconfigured when the key is malformed, or when others may read its file.
        """
        if settings.key:
            return cls(_decode(settings.key))
        path = settings.data / "key"
        if not path.exists():
            _create(path)
        return cls(_decode(_read(path)))

    def seal(self, plain: bytes, context: str) -> bytes:
        """Encrypt; the same `context` (such as ``provider:3``) is needed to open, so sealed bytes cannot be swapped."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return self._header + nonce + self._cipher.encrypt(nonce, plain, self._header + context.encode())

    def open(self, sealed: bytes, context: str) -> bytes:
        """Decrypt; raises Misconfigured when another key sealed it, StoreDamaged when it was changed or swapped."""
        header, body = sealed[: len(self._header)], sealed[len(self._header) :]
        if header != self._header:
            raise Misconfigured(
                "The stored credentials were sealed with another master key",
                field=SETTING,
                hint=f"Set {SETTING}, or put back the file `key` of the data folder, as it was when they were saved.",
            )
        try:
            return self._cipher.decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], header + context.encode())
        except (InvalidTag, ValueError):
            raise StoreDamaged(
                "Stored credentials have been changed since they were sealed", hint="Enter the credentials again."
            ) from None

    def derive(self, purpose: str) -> bytes:
        """A 32-byte key for one purpose (HKDF-SHA256, RFC 5869)."""
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"twoticks " + purpose.encode()).derive(self._key)


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise Misconfigured(f"The master key must be {KEY_BYTES} bytes in base64", field=SETTING) from None


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".key-{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        # A link appears whole and never replaces: of two processes that start together both use the same key.
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(path: Path) -> str:
    try:
        with path.open() as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            text = file.read(1024)
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"The key file {path} cannot be read", field=SETTING) from error
    if mode & 0o077:
        raise Misconfigured(
            f"The key file {path} is open to others (mode {mode:o})", field=SETTING, hint=f"chmod 600 {path}"
        )
    return text
