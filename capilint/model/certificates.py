"""crypt32's ways to keys: public keys of certificates, and the private keys behind them."""

from __future__ import annotations

from typing import cast

from capilint.model import constants as sdk
from capilint.model import rsa
from capilint.model.contexts import DEFAULT_PROVIDERS
from capilint.model.errors import Failure, require
from capilint.model.keys import KEY_SPECS, key_of_pair
from capilint.model.memory import PublicKeyInfo
from capilint.model.objects import Context, Key
from capilint.model.signature import Call, api

_RSA_OID = "1.2.840.113549.1.1.1"
_SEQUENCE, _INTEGER = 0x30, 0x02


@api(
    "CryptImportPublicKeyInfo",
    "hCryptProv:context dwCertEncodingType:number pInfo:information phKey:new-key",
)
@api(
    "CryptImportPublicKeyInfoEx",
    "hCryptProv:context dwCertEncodingType:number pInfo:information aiKeyAlg:number"
    " dwFlags:number pvAuxInfo:reserved phKey:new-key",
)
def import_public_key_info(call: Call) -> Key:
    """A key from the public key that a certificate carries."""
    information = cast("PublicKeyInfo | None", call.arguments.get("pInfo"))
    if information is None:
        raise Failure(sdk.ERROR_INVALID_PARAMETER)
    require(information.oid == _RSA_OID, sdk.ERROR_FILE_NOT_FOUND)
    modulus, exponent = _integers(information.key)
    algorithm = KEY_SPECS.get(call.number("aiKeyAlg"), sdk.CALG_RSA_KEYX)
    pair = rsa.KeyPair(modulus, exponent, exportable=True)
    return key_of_pair(call.context("hCryptProv"), algorithm, pair)


@api(
    "CryptAcquireCertificatePrivateKey",
    "pCert:certificate dwFlags:number pvParameters:reserved"
    " phCryptProvOrNCryptKey:new-context pdwKeySpec:cell pfCallerFreeProvOrNCryptKey:cell",
)
def acquire_certificate_private_key(call: Call) -> Context:
    """The context where a certificate's private key is; cached ones are not the caller's."""
    process, number = call.process, call.number("pCert")
    certificate = process.certificates.get(number)
    if certificate is None:
        raise Failure(sdk.CRYPT_E_NO_KEY_PROPERTY)
    provider = certificate.provider or DEFAULT_PROVIDERS[certificate.provider_type]
    container = process.containers.get((provider, False, certificate.container))
    if container is None or certificate.key_spec not in container.pairs:
        raise Failure(sdk.CRYPT_E_NO_KEY_PROPERTY)
    cached = bool(call.number("dwFlags") & sdk.CRYPT_ACQUIRE_CACHE_FLAG)
    context = process.cached_contexts.get(number) if cached else None
    if context is None or not context.alive:
        context = Context(provider, certificate.provider_type, container, owned=not cached)
        if cached:
            process.cached_contexts[number] = context
    for name, value in (
        ("pdwKeySpec", certificate.key_spec),
        ("pfCallerFreeProvOrNCryptKey", int(not cached)),
    ):
        if call.arguments.get(name) is not None:
            call.cell(name).value = value
    return context


def _integers(der: bytes) -> tuple[int, int]:
    """Modulus and exponent of a DER RSAPublicKey (RFC 8017, A.1.1), or an ASN.1 error."""
    try:
        body = _content(der, _SEQUENCE)[0]
        modulus, rest = _content(body, _INTEGER)
        exponent, _ = _content(rest, _INTEGER)
    except IndexError:
        raise Failure(sdk.CRYPT_E_ASN1_CORRUPT) from None
    return int.from_bytes(modulus, "big"), int.from_bytes(exponent, "big")


def _content(der: bytes, tag: int) -> tuple[bytes, bytes]:
    require(der[0] == tag, sdk.CRYPT_E_ASN1_BADTAG)
    size, start = der[1], 2
    if size & 0x80:
        start += size & 0x7F
        size = int.from_bytes(der[2:start], "big")
    require(len(der) >= start + size, sdk.CRYPT_E_ASN1_CORRUPT)
    return der[start : start + size], der[start + size :]
