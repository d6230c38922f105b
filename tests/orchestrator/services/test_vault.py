"""orchestrator.services.vault"""

import base64

import pytest

from orchestrator.services import vault

KEYS = [base64.urlsafe_b64encode(bytes([n]) * 32).decode() for n in range(3)]


@pytest.mark.parametrize("secret", ["", "sk-1", "ü\n" * 5000])
def test_what_is_sealed_opens_again(secret):
    sealed = vault.seal(secret, purpose="test")
    assert sealed.isascii()
    assert secret == "" or secret not in sealed
    assert vault.unseal(sealed, purpose="test") == secret


def test_the_same_secret_never_looks_the_same():
    assert vault.seal("secret", purpose="test") != vault.seal("secret", purpose="test")


def test_another_purpose_does_not_open_it():
    with pytest.raises(vault.Unsealable):
        vault.unseal(vault.seal("secret", purpose="one"), purpose="other")


@pytest.mark.parametrize("damaged", ["", "1:", "1:AAAA", "2:AAAA", "1:" + "A" * 80])
def test_what_is_damaged_does_not_open(damaged):
    with pytest.raises(vault.Unsealable, match="ENCRYPTION_KEY"):
        vault.unseal(damaged, purpose="test")


def test_the_first_key_encrypts_and_all_decrypt(settings):
    settings.ENCRYPTION_KEYS = KEYS[:1]
    old = vault.seal("secret", purpose="test")
    settings.ENCRYPTION_KEYS = [KEYS[1], KEYS[0]]
    assert vault.unseal(old, purpose="test") == "secret"
    new = vault.seal("secret", purpose="test")
    settings.ENCRYPTION_KEYS = KEYS[1:2]
    assert vault.unseal(new, purpose="test") == "secret"
    with pytest.raises(vault.Unsealable):
        vault.unseal(old, purpose="test")
