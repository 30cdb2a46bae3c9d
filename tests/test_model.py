"""The runtime model: what a program that runs on it sees."""

from __future__ import annotations

import hashlib
import struct
import sys

import pytest

from capilint.model import Machine, UnknownFunction
from capilint.model import constants as sdk
from capilint.model.errors import NotSupported
from capilint.model.events import CallEvent, Notice
from capilint.model.memory import Buffer, PublicKeyInfo, Variable


@pytest.fixture
def machine() -> Machine:
    return Machine(seed=1)


def acquire(machine: Machine, provider_type: int = sdk.PROV_RSA_AES, **named: object) -> int:
    out = Variable()
    flags = named.pop("dwFlags", sdk.CRYPT_VERIFYCONTEXT)
    assert machine.call(
        "CryptAcquireContextA", phProv=out, dwProvType=provider_type, dwFlags=flags, **named
    )
    return out.value


def generate(machine: Machine, context: int, algorithm: int, flags: int = 0) -> int:
    out = Variable()
    assert machine.call("CryptGenKey", context, algorithm, flags, out), hex(machine.last_error)
    return out.value


def hash_of(machine: Machine, context: int, data: bytes, algorithm: int = sdk.CALG_SHA1) -> int:
    out = Variable()
    assert machine.call("CryptCreateHash", context, algorithm, 0, 0, out)
    assert machine.call("CryptHashData", out.value, Buffer(data), len(data), 0)
    return out.value


def derive(machine: Machine, context: int, base: int, algorithm: int, flags: int = 1) -> int:
    out = Variable()
    assert machine.call("CryptDeriveKey", context, algorithm, base, flags, out)
    return out.value


def query(machine: Machine, function: str, *arguments: object) -> bytes:
    """Calls twice, as programs do: for the size, and for the data."""
    size = Variable()
    names = {"CryptExportKey": 4, "CryptSignHashA": 4}
    at = names.get(function, 2)
    assert machine.call(function, *arguments[:at], None, size, *arguments[at:])
    buffer = Buffer(size.value)
    assert machine.call(function, *arguments[:at], buffer, size, *arguments[at:])
    return bytes(buffer.content[: size.value])


def encrypt(machine: Machine, key: int, plain: bytes, final: bool = True, flags: int = 0) -> bytes:
    buffer, size = Buffer(plain + bytes(600)), Variable(len(plain))
    assert machine.call("CryptEncrypt", key, 0, final, flags, buffer, size, len(buffer.content)), (
        hex(machine.last_error)
    )
    return buffer.read(size.value)


def decrypt(machine: Machine, key: int, data: bytes, final: bool = True, flags: int = 0) -> bytes:
    buffer, size = Buffer(data), Variable(len(data))
    assert machine.call("CryptDecrypt", key, 0, final, flags, buffer, size)
    return buffer.read(size.value)


def fails_with(machine: Machine, error: int, function: str, *arguments: object) -> None:
    machine.last_error = 0
    assert machine.call(function, *arguments) == 0
    assert hex(machine.last_error) == hex(error)


# ---------------------------------------------------------------- CryptDestroyKey's errors


def test_destroying_a_busy_key_fails_until_it_is_free(machine: Machine) -> None:
    key = generate(machine, acquire(machine), sdk.CALG_RC4)
    machine.mark_busy(key)
    fails_with(machine, sdk.ERROR_BUSY, "CryptDestroyKey", key)
    machine.mark_busy(key, False)
    assert machine.call("CryptDestroyKey", key)


def test_destroying_twice_is_an_invalid_handle(machine: Machine) -> None:
    key = generate(machine, acquire(machine), sdk.CALG_RC4)
    assert machine.call("CryptDestroyKey", key)
    fails_with(machine, sdk.ERROR_INVALID_HANDLE, "CryptDestroyKey", key)


@pytest.mark.parametrize("garbage", [0, 1, 0xDEADBEEF, -1])
def test_destroying_no_handle_is_an_invalid_parameter(machine: Machine, garbage: int) -> None:
    fails_with(machine, sdk.ERROR_INVALID_PARAMETER, "CryptDestroyKey", garbage)


def test_destroying_a_hash_as_a_key_is_a_bad_key(machine: Machine) -> None:
    thing = hash_of(machine, acquire(machine), b"x")
    fails_with(machine, sdk.NTE_BAD_KEY, "CryptDestroyKey", thing)
    assert machine.call("CryptDestroyHash", thing)


def test_destroying_after_the_release_of_the_context_is_a_bad_uid(machine: Machine) -> None:
    context = acquire(machine)
    key = generate(machine, context, sdk.CALG_RC4)
    assert machine.call("CryptReleaseContext", context, 0)
    fails_with(machine, sdk.NTE_BAD_UID, "CryptDestroyKey", key)


# ---------------------------------------------------------------- the life of handles


def test_handle_values_never_come_back(machine: Machine) -> None:
    context, seen = acquire(machine), set()
    for _ in range(50):
        key = generate(machine, context, sdk.CALG_RC4)
        assert key not in seen
        seen.add(key)
        assert machine.call("CryptDestroyKey", key)


def test_a_context_lives_until_its_last_reference_goes(machine: Machine) -> None:
    context = acquire(machine)
    assert machine.call("CryptContextAddRef", context, None, 0)
    assert machine.call("CryptReleaseContext", context, 0)
    generate(machine, context, sdk.CALG_RC4)
    assert machine.call("CryptReleaseContext", context, 0)
    fails_with(machine, sdk.ERROR_INVALID_HANDLE, "CryptReleaseContext", context, 0)


def test_releasing_with_flags_fails_and_yet_releases(machine: Machine) -> None:
    context = acquire(machine)
    fails_with(machine, sdk.NTE_BAD_FLAGS, "CryptReleaseContext", context, 1)
    fails_with(machine, sdk.ERROR_INVALID_HANDLE, "CryptReleaseContext", context, 0)


def test_key_memory_is_overwritten_on_destroy_and_on_release(machine: Machine) -> None:
    context = acquire(machine)
    first, second = (generate(machine, context, sdk.CALG_AES_256) for _ in range(2))
    assert any(machine.key_memory(first)) and len(machine.key_memory(first)) == 32
    machine.call("CryptDestroyKey", first)
    assert machine.key_memory(first) == bytes(32)
    assert any(machine.key_memory(second))
    machine.call("CryptReleaseContext", context, 0)
    assert machine.key_memory(second) == bytes(32)


def test_a_key_pair_survives_its_handles_and_its_context(machine: Machine) -> None:
    context = acquire(machine, szContainer="mine", dwFlags=sdk.CRYPT_NEWKEYSET)
    key = generate(machine, context, sdk.AT_KEYEXCHANGE, 512 << 16)
    public = query(machine, "CryptExportKey", key, 0, sdk.PUBLICKEYBLOB, 0)
    machine.call("CryptDestroyKey", key)
    machine.call("CryptReleaseContext", context, 0)
    again, out = acquire(machine, szContainer="mine", dwFlags=0), Variable()
    assert machine.call("CryptGetUserKey", again, sdk.AT_KEYEXCHANGE, out)
    assert query(machine, "CryptExportKey", out.value, 0, sdk.PUBLICKEYBLOB, 0) == public
    fails_with(machine, sdk.NTE_NO_KEY, "CryptGetUserKey", again, sdk.AT_SIGNATURE, out)


def test_deleting_a_key_set_makes_no_context(machine: Machine) -> None:
    acquire(machine, szContainer="mine", dwFlags=sdk.CRYPT_NEWKEYSET)
    out = Variable(7)
    arguments = (out, "mine", None, sdk.PROV_RSA_AES, sdk.CRYPT_DELETEKEYSET)
    assert machine.call("CryptAcquireContextA", *arguments)
    assert out.value == 7
    fails_with(machine, sdk.NTE_BAD_KEYSET, "CryptAcquireContextA", *arguments)


def test_a_failed_creation_makes_nothing_and_keeps_the_variable(machine: Machine) -> None:
    context, out = acquire(machine), Variable(7)
    fails_with(machine, sdk.NTE_BAD_ALGID, "CryptGenKey", context, 0x1234, 0, out)
    assert out.value == 7


def test_a_duplicate_outlives_the_original(machine: Machine) -> None:
    key, out = generate(machine, acquire(machine), sdk.CALG_AES_128), Variable()
    assert machine.call("CryptDuplicateKey", key, None, 0, out)
    sealed = encrypt(machine, key, b"hello")
    machine.call("CryptDestroyKey", key)
    assert decrypt(machine, out.value, sealed) == b"hello"


# ---------------------------------------------------------------- ciphers and keys

SESSION_KEYS = [
    sdk.CALG_RC4,
    sdk.CALG_RC2,
    sdk.CALG_DES,
    sdk.CALG_3DES_112,
    sdk.CALG_3DES,
    sdk.CALG_AES_128,
    sdk.CALG_AES_192,
    sdk.CALG_AES_256,
]


MODES = [sdk.CRYPT_MODE_CBC, sdk.CRYPT_MODE_ECB, sdk.CRYPT_MODE_CFB]


@pytest.mark.parametrize(
    ("algorithm", "mode"),
    [
        (algorithm, mode)
        for algorithm in SESSION_KEYS
        for mode in MODES
        if algorithm != sdk.CALG_RC2 or mode == sdk.CRYPT_MODE_CBC
    ],
)
def test_encryption_round_trips_in_sections(machine: Machine, algorithm: int, mode: int) -> None:
    key = generate(machine, acquire(machine), algorithm)
    buffer = Buffer(struct.pack("<I", mode))
    assert machine.call("CryptSetKeyParam", key, sdk.KP_MODE, buffer, 0)
    plain = bytes(range(64)) + b"the rest"
    whole = encrypt(machine, key, plain)
    parts = encrypt(machine, key, plain[:32], final=False) + encrypt(machine, key, plain[32:])
    assert whole == parts != plain
    assert decrypt(machine, key, whole) == plain
    assert decrypt(machine, key, whole[:32], final=False) == plain[:32]
    assert decrypt(machine, key, whole[32:]) == plain[32:]


def test_what_the_model_lacks_is_said_clearly(machine: Machine) -> None:
    key = generate(machine, acquire(machine), sdk.CALG_RC2)
    ecb = Buffer(struct.pack("<I", sdk.CRYPT_MODE_ECB))
    assert machine.call("CryptSetKeyParam", key, sdk.KP_MODE, ecb, 0)
    with pytest.raises(NotSupported, match="RC2"):
        encrypt(machine, key, b"hello")


def test_without_the_package_rc4_works_and_aes_says_what_to_install(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.ciphers", None)
    context = acquire(machine)
    rc4, aes = (generate(machine, context, each) for each in (sdk.CALG_RC4, sdk.CALG_AES_128))
    assert decrypt(machine, rc4, encrypt(machine, rc4, b"hello")) == b"hello"
    with pytest.raises(NotSupported, match="pip install"):
        encrypt(machine, aes, b"hello")


@pytest.mark.parametrize("algorithm", SESSION_KEYS)
def test_the_same_password_gives_the_same_key(machine: Machine, algorithm: int) -> None:
    context = acquire(machine)
    first = derive(machine, context, hash_of(machine, context, b"secret"), algorithm)
    second = derive(machine, context, hash_of(machine, context, b"secret"), algorithm)
    other = derive(machine, context, hash_of(machine, context, b"Secret"), algorithm)
    assert machine.key_memory(first) == machine.key_memory(second)
    assert machine.key_memory(first) != machine.key_memory(other)


def test_aes_from_sha1_is_expanded_as_the_sdk_page_says(machine: Machine) -> None:
    digest = hashlib.sha1(b"secret").digest()
    buffer = bytearray(b"\x36" * 64)
    for at, byte in enumerate(digest):
        buffer[at] ^= byte
    expected = hashlib.sha1(buffer).digest()[:16]
    context = acquire(machine)
    key = derive(machine, context, hash_of(machine, context, b"secret"), sdk.CALG_AES_128)
    assert machine.key_memory(key) == expected


def test_blobs_carry_keys_from_machine_to_machine(machine: Machine) -> None:
    other = Machine(seed=2)
    context, there, out = acquire(machine), acquire(other), Variable()
    key = generate(machine, context, sdk.CALG_AES_192, sdk.CRYPT_EXPORTABLE)
    plain = query(machine, "CryptExportKey", key, 0, sdk.PLAINTEXTKEYBLOB, 0)
    assert plain[:12] == struct.pack("<BBHII", 8, 2, 0, sdk.CALG_AES_192, 24)
    assert other.call("CryptImportKey", there, Buffer(plain), len(plain), 0, 0, out)
    assert decrypt(other, out.value, encrypt(machine, key, b"hello")) == b"hello"


def test_a_session_key_travels_under_a_public_key(machine: Machine) -> None:
    receiver, out = Machine(seed=2), Variable()
    there = acquire(receiver)
    pair = generate(receiver, there, sdk.AT_KEYEXCHANGE, 512 << 16)
    public = query(receiver, "CryptExportKey", pair, 0, sdk.PUBLICKEYBLOB, 0)
    context = acquire(machine)
    assert machine.call("CryptImportKey", context, Buffer(public), len(public), 0, 0, out)
    key = generate(machine, context, sdk.CALG_RC4, sdk.CRYPT_EXPORTABLE)
    simple = query(machine, "CryptExportKey", key, out.value, sdk.SIMPLEBLOB, 0)
    assert receiver.call("CryptImportKey", there, Buffer(simple), len(simple), 0, 0, out)
    assert decrypt(receiver, out.value, encrypt(machine, key, b"hello")) == b"hello"


def test_a_private_key_blob_round_trips_under_a_session_key(machine: Machine) -> None:
    context, out = acquire(machine), Variable()
    pair = generate(machine, context, sdk.AT_SIGNATURE, 512 << 16 | sdk.CRYPT_EXPORTABLE)
    key = generate(machine, context, sdk.CALG_AES_128)
    blob = query(machine, "CryptExportKey", pair, key, sdk.PRIVATEKEYBLOB, 0)
    other = acquire(machine)
    arguments = (Buffer(blob), len(blob), key, sdk.CRYPT_EXPORTABLE, out)
    assert machine.call("CryptImportKey", other, *arguments)
    first = query(machine, "CryptExportKey", pair, 0, sdk.PRIVATEKEYBLOB, 0)
    assert query(machine, "CryptExportKey", out.value, 0, sdk.PRIVATEKEYBLOB, 0) == first


@pytest.mark.parametrize("flags", [0, sdk.CRYPT_OAEP])
def test_rsa_encryption_round_trips(machine: Machine, flags: int) -> None:
    pair = generate(machine, acquire(machine), sdk.AT_KEYEXCHANGE)
    sealed = encrypt(machine, pair, b"hello", flags=flags)
    assert len(sealed) == 128
    assert decrypt(machine, pair, sealed, flags=flags) == b"hello"


@pytest.mark.parametrize("algorithm", [sdk.CALG_MD5, sdk.CALG_SHA1, sdk.CALG_SHA_256])
def test_a_signature_holds_for_its_text_only(machine: Machine, algorithm: int) -> None:
    context = acquire(machine)
    pair = generate(machine, context, sdk.AT_SIGNATURE, 1024 << 16)
    signed = hash_of(machine, context, b"text", algorithm)
    signature = query(machine, "CryptSignHashA", signed, sdk.AT_SIGNATURE, None, 0)
    verify = ("CryptVerifySignatureA",)
    same = hash_of(machine, context, b"text", algorithm)
    assert machine.call(*verify, same, Buffer(signature), len(signature), pair, None, 0)
    other = hash_of(machine, context, b"Text", algorithm)
    fails_with(
        machine, sdk.NTE_BAD_SIGNATURE, *verify, other, Buffer(signature), len(signature), pair
    )


@pytest.mark.parametrize(
    ("algorithm", "name"),
    [(sdk.CALG_MD5, "md5"), (sdk.CALG_SHA1, "sha1"), (sdk.CALG_SHA_256, "sha256")],
)
def test_hash_values_are_real(machine: Machine, algorithm: int, name: str) -> None:
    thing = hash_of(machine, acquire(machine), b"text", algorithm)
    value = query(machine, "CryptGetHashParam", thing, sdk.HP_HASHVAL, 0)
    assert value == hashlib.new(name, b"text").digest()


def test_a_public_key_comes_out_of_a_certificate(machine: Machine) -> None:
    cryptography = pytest.importorskip("cryptography.hazmat.primitives.serialization")
    from cryptography.hazmat.primitives.asymmetric import rsa

    public = rsa.generate_private_key(65537, 1024).public_key()
    der = public.public_bytes(cryptography.Encoding.DER, cryptography.PublicFormat.PKCS1)
    out = Variable()
    info = PublicKeyInfo("1.2.840.113549.1.1.1", der)
    assert machine.call("CryptImportPublicKeyInfo", acquire(machine), 1, info, out)
    blob = query(machine, "CryptExportKey", out.value, 0, sdk.PUBLICKEYBLOB, 0)
    assert int.from_bytes(blob[20:], "little") == public.public_numbers().n


def test_a_seed_decides_everything() -> None:
    def keys(seed: int) -> list[bytes]:
        machine = Machine(seed)
        context = acquire(machine)
        pair = generate(machine, context, sdk.AT_SIGNATURE, 384 << 16 | sdk.CRYPT_EXPORTABLE)
        blob = query(machine, "CryptExportKey", pair, 0, sdk.PRIVATEKEYBLOB, 0)
        return [blob, machine.key_memory(generate(machine, context, sdk.CALG_RC4))]

    assert keys(5) == keys(5) != keys(6)


# ---------------------------------------------------------------- events and failures


def test_each_fallible_call_can_be_failed(machine: Machine) -> None:
    machine.fail = lambda function, number: number == 2
    context, out = acquire(machine), Variable(7)
    fails_with(machine, sdk.NTE_FAIL, "CryptGenKey", context, sdk.CALG_RC4, 0, out)
    assert out.value == 7
    assert machine.call("CryptGenKey", context, sdk.CALG_RC4, 0, out)
    assert machine.call("CryptDestroyKey", out.value)
    assert machine.fallible_calls == 3


def test_releases_are_never_failed_by_injection(machine: Machine) -> None:
    context = acquire(machine)
    machine.fail = lambda function, number: True
    assert machine.call("CryptReleaseContext", context, 0)


def test_observers_are_told_what_was_made_used_and_released(machine: Machine) -> None:
    events: list[CallEvent | Notice] = []
    machine.observers.append(events.append)
    context = acquire(machine)
    key = generate(machine, context, sdk.CALG_RC4)
    machine.call("CryptDestroyKey", key)
    made, used, gone = events
    assert isinstance(made, CallEvent) and made.created[0].handle == context
    assert isinstance(used, CallEvent) and used.uses[0].handle == context
    assert used.created[0].owner == context and used.created[0].handle == key
    assert isinstance(gone, CallEvent) and gone.released == (key,)


def test_an_unknown_function_is_named(machine: Machine) -> None:
    with pytest.raises(UnknownFunction, match="CryptFlyToTheMoon"):
        machine.call("CryptFlyToTheMoon")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("CryptCreateHash", sdk.CALG_MAC, 0, 0, Variable()), "MAC"),
        (("CryptGetProvParam", sdk.PP_ENUMALGS, None, Variable(), 1), "PP_ENUMALGS"),
    ],
)
def test_a_feature_that_is_not_there_is_named(
    machine: Machine, arguments: tuple[object, ...], named: str
) -> None:
    function, *rest = arguments
    with pytest.raises(NotSupported, match=named):
        machine.call(str(function), acquire(machine), *rest)


def test_a_function_known_by_its_handles_only_says_so_when_it_is_run(machine: Machine) -> None:
    with pytest.raises(NotSupported, match="CryptExportPKCS8"):
        machine.call("CryptExportPKCS8", acquire(machine))


def test_releasers_of_other_apis_do_nothing_to_a_key(machine: Machine) -> None:
    key = generate(machine, acquire(machine), sdk.CALG_RC4)
    fails_with(machine, sdk.ERROR_INVALID_HANDLE, "CloseHandle", key)
    assert machine.call("BCryptDestroyKey", key) >= 0x80000000
    assert machine.call("CryptDestroyKey", key)
