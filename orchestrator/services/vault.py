"""Secrets at rest: AES-256-GCM under the keys of ENCRYPTION_KEY, the first of which encrypts.

https://cryptography.io/en/latest/hazmat/primitives/aead/#cryptography.hazmat.primitives.ciphers.aead.AESGCM
"""

import base64
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from orchestrator.errors import DomainError

NONCE_BYTES = 12
VERSION = "1"  # of the format, so that another cipher can follow


class Unsealable(DomainError):
    """What is kept cannot be read with the keys there are now."""

    code = "unsealable"


def seal(secret: str, *, purpose: str) -> str:
    """Return a secret encrypted, as ASCII; only the same purpose opens it again."""
    nonce = os.urandom(NONCE_BYTES)
    content = AESGCM(_keys()[0]).encrypt(nonce, secret.encode(), purpose.encode())
    return f"{VERSION}:{base64.b64encode(nonce + content).decode()}"


def unseal(sealed: str, *, purpose: str) -> str:
    """Return the secret; raise `Unsealable` if no key fits, for another purpose, and for what is damaged."""
    version, _, text = sealed.partition(":")
    content = base64.b64decode(text) if version == VERSION else b""
    for key in _keys():
        try:
            plain = AESGCM(key).decrypt(content[:NONCE_BYTES], content[NONCE_BYTES:], purpose.encode())
        except (InvalidTag, ValueError):
            continue
        return plain.decode()
    raise Unsealable("It was encrypted with a key that ENCRYPTION_KEY no longer holds.")


def _keys() -> list[bytes]:
    return [base64.urlsafe_b64decode(key) for key in settings.ENCRYPTION_KEYS]
