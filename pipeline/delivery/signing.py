"""Signs the lists of a published run with an Ed25519 key, and checks signatures.

Keys are files that OpenSSL makes and reads, and signatures are the 64 bytes that it checks:
nobody needs this program to do so.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pipeline.errors import ConfigError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

SUFFIX: Final = ".sig"
"""A signature lies beside its file: SHA256SUMS.sig."""

Sign = Callable[[bytes], bytes]
"""The signature of something; b'' where no key is configured."""

_MADE_BY: Final = "make one by `openssl genpkey -algorithm ed25519 -out FILE`"


def no_signature(_: bytes) -> bytes:
    """Where no key is configured."""
    return b""


def signature_of(file: Path) -> Path:
    """Where a file's signature lies."""
    return file.with_name(f"{file.name}{SUFFIX}")


def write_signed(file: Path, text: str, sign: Sign) -> None:
    """Writes a file and its signature."""
    content = text.encode("utf-8")
    if signature := sign(content):
        signature_of(file).write_bytes(signature)
    else:
        signature_of(file).unlink(missing_ok=True)  # that of what was there before
    file.write_bytes(content)


def replace_signed(file: Path, text: str, sign: Sign) -> None:
    """Puts a file and its signature in the place of earlier ones. A kill leaves a whole file."""
    fresh = file.with_name(f".{file.name}")
    write_signed(fresh, text, sign)
    if signature_of(fresh).is_file():
        signature_of(fresh).replace(signature_of(file))
    fresh.replace(file)


def signer(key: Path) -> Sign:
    """What signs with this private key. Raises ConfigError if it is none, or if others may read it."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    content = _read(key, "sign_with")
    if key.stat().st_mode & 0o077:
        raise ConfigError(
            f"sign_with: {key} can be read by others than this account, who could sign too; chmod 600 it."
        )
    try:
        private = load_pem_private_key(content, password=None)
    except (ValueError, TypeError):  # a TypeError where it has a password
        private = None
    if not isinstance(private, Ed25519PrivateKey):
        raise ConfigError(
            f"sign_with: {key} is no private Ed25519 key in PEM without a password; {_MADE_BY}."
        )
    return private.sign


def public_key(key: Path) -> Ed25519PublicKey:
    """The public key in a file. Raises ConfigError if it is none."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        public = load_pem_public_key(_read(key, "--key"))
    except ValueError:
        public = None
    if not isinstance(public, Ed25519PublicKey):
        raise ConfigError(
            f"--key: {key} is no public Ed25519 key in PEM; make it of the private one by "
            "`openssl pkey -in FILE -pubout`."
        )
    return public


def is_signed(file: Path, public: Ed25519PublicKey) -> bool:
    """Whether the signature beside a file is that of this key, over what the file holds now."""
    from cryptography.exceptions import InvalidSignature

    try:
        public.verify(signature_of(file).read_bytes(), file.read_bytes())
    except (InvalidSignature, FileNotFoundError):
        return False
    return True


def _read(key: Path, what: str) -> bytes:
    try:
        return key.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"{what}: {key} cannot be read: {error.strerror}; {_MADE_BY}."
        ) from None
