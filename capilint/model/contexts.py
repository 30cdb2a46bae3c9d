"""Contexts: CryptAcquireContext, reference counts, random numbers, provider parameters."""

from __future__ import annotations

from capilint.model import constants as sdk
from capilint.model.errors import Failure, NotSupported, require
from capilint.model.objects import Container, Context
from capilint.model.signature import Call, api

ENHANCED = "Microsoft Enhanced Cryptographic Provider v1.0"
AES = "Microsoft Enhanced RSA and AES Cryptographic Provider"
PROVIDERS = {
    "Microsoft Base Cryptographic Provider v1.0": sdk.PROV_RSA_FULL,
    "Microsoft Strong Cryptographic Provider": sdk.PROV_RSA_FULL,
    ENHANCED: sdk.PROV_RSA_FULL,
    "Microsoft RSA SChannel Cryptographic Provider": sdk.PROV_RSA_SCHANNEL,
    AES: sdk.PROV_RSA_AES,
}
DEFAULT_PROVIDERS = {
    sdk.PROV_RSA_FULL: ENHANCED,
    sdk.PROV_RSA_SCHANNEL: "Microsoft RSA SChannel Cryptographic Provider",
    sdk.PROV_RSA_AES: AES,
}
_MOST_PROVIDER_TYPES = 999
_DEFAULT_CONTAINER = "user"
_KEYSET_ACTIONS = sdk.CRYPT_VERIFYCONTEXT | sdk.CRYPT_NEWKEYSET | sdk.CRYPT_DELETEKEYSET
_KNOWN_FLAGS = (
    _KEYSET_ACTIONS
    | sdk.CRYPT_MACHINE_KEYSET
    | sdk.CRYPT_SILENT
    | sdk.CRYPT_DEFAULT_CONTAINER_OPTIONAL
)


@api(
    "CryptAcquireContextA",
    "phProv:new-context szContainer:text szProvider:text dwProvType:number dwFlags:number",
)
@api(
    "CryptAcquireContextW",
    "phProv:new-context szContainer:text szProvider:text dwProvType:number dwFlags:number",
)
@api(
    "CryptAcquireContext",
    "phProv:new-context szContainer:text szProvider:text dwProvType:number dwFlags:number",
)
def acquire_context(call: Call) -> Context | None:
    """Opens, makes or deletes a key container; deleting makes no context."""
    provider_type = call.number("dwProvType")
    provider = _provider(call.text("szProvider"), provider_type)
    flags, name = call.number("dwFlags"), call.text("szContainer")
    require(not flags & ~_KNOWN_FLAGS, sdk.NTE_BAD_FLAGS)
    action = flags & _KEYSET_ACTIONS
    containers = call.process.containers
    slot = (provider, bool(flags & sdk.CRYPT_MACHINE_KEYSET), name or _DEFAULT_CONTAINER)
    if action in (sdk.CRYPT_VERIFYCONTEXT, sdk.CRYPT_VERIFYCONTEXT | sdk.CRYPT_NEWKEYSET):
        require(not name, sdk.NTE_BAD_FLAGS)
        container = Container("")
    elif action == sdk.CRYPT_NEWKEYSET:
        require(slot not in containers, sdk.NTE_EXISTS)
        container = containers[slot] = Container(slot[-1])
    elif action in (0, sdk.CRYPT_DELETEKEYSET):
        require(slot in containers, sdk.NTE_BAD_KEYSET)
        container = containers[slot]
    else:
        raise Failure(sdk.NTE_BAD_FLAGS)
    if action == sdk.CRYPT_DELETEKEYSET:
        del containers[slot]
        return None
    return Context(provider, provider_type, container, flags)


def _provider(name: str | None, provider_type: int) -> str:
    require(
        0 < provider_type <= _MOST_PROVIDER_TYPES,
        sdk.NTE_BAD_PROV_TYPE,
    )
    if not name:
        require(provider_type in DEFAULT_PROVIDERS, sdk.NTE_PROV_TYPE_NOT_DEF)
        return DEFAULT_PROVIDERS[provider_type]
    require(name in PROVIDERS, sdk.NTE_KEYSET_NOT_DEF)
    require(PROVIDERS[name] == provider_type, sdk.NTE_PROV_TYPE_NO_MATCH)
    return name


@api(
    "CryptContextAddRef",
    "hProv:+context pdwReserved:reserved dwFlags:number",
    bad_handle=sdk.ERROR_INVALID_PARAMETER,
)
def context_add_ref(call: Call) -> None:
    """One reference more."""
    require(call.arguments.get("pdwReserved") is None, sdk.ERROR_INVALID_PARAMETER)
    require(not call.number("dwFlags"), sdk.ERROR_INVALID_PARAMETER)
    call.context("hProv").references += 1


@api("CryptReleaseContext", "hProv:-context dwFlags:number")
def release_context(call: Call) -> None:
    """One reference less. Flags make it fail, and yet it releases (SDK page, dwFlags)."""
    context = call.context("hProv")
    require(not context.busy, sdk.ERROR_BUSY)
    call.process.release(context)
    require(not call.number("dwFlags"), sdk.NTE_BAD_FLAGS)


@api("CryptGenRandom", "hProv:context dwLen:number pbBuffer:memory")
def generate_random(call: Call) -> None:
    """Random bytes, from the machine's seed."""
    size, memory = call.number("dwLen"), call.memory("pbBuffer")
    if memory is None:
        raise Failure(sdk.ERROR_INVALID_PARAMETER)
    memory.write(call.process.random.randbytes(size))


@api(
    "CryptGetProvParam",
    "hProv:context dwParam:number pbData:memory pdwDataLen:cell dwFlags:number",
)
def get_provider_parameter(call: Call) -> None:
    """Names, versions and the container of a provider."""
    context, parameter = call.context("hProv"), call.number("dwParam")
    numbers = {
        sdk.PP_IMPTYPE: sdk.CRYPT_IMPL_SOFTWARE,
        sdk.PP_VERSION: 0x200,
        sdk.PP_PROVTYPE: context.provider_type,
        sdk.PP_KEYSPEC: sdk.AT_KEYEXCHANGE | sdk.AT_SIGNATURE,
    }
    texts = {
        sdk.PP_NAME: context.provider,
        sdk.PP_CONTAINER: context.container.name,
        sdk.PP_UNIQUE_CONTAINER: context.container.name,
    }
    if parameter in numbers:
        answer = numbers[parameter].to_bytes(4, "little")
    elif parameter in texts:
        answer = texts[parameter].encode("latin-1", "replace") + b"\0"
    elif parameter == sdk.PP_ENUMCONTAINERS:
        answer = _next_container(call, context)
    elif parameter in (sdk.PP_ENUMALGS, sdk.PP_ENUMALGS_EX):
        raise NotSupported("the model does not list a provider's algorithms (PP_ENUMALGS)")
    elif parameter == sdk.PP_KEYSET_SEC_DESCR:
        raise NotSupported("the model has no security descriptors (PP_KEYSET_SEC_DESCR)")
    else:
        raise Failure(sdk.NTE_BAD_TYPE)
    call.answer(answer, "pbData", "pdwDataLen")


def _next_container(call: Call, context: Context) -> bytes:
    if call.number("dwFlags") & sdk.CRYPT_FIRST:
        machine = bool(context.flags & sdk.CRYPT_MACHINE_KEYSET)
        context.enumeration = [
            name.encode("latin-1", "replace") + b"\0"
            for provider, is_machine, name in call.process.containers
            if (provider, is_machine) == (context.provider, machine)
        ]
    require(bool(context.enumeration), sdk.ERROR_NO_MORE_ITEMS)
    if call.memory("pbData") is None:
        return max(context.enumeration, key=len)
    return context.enumeration.pop(0)


@api("CryptSetProvParam", "hProv:context dwParam:number pbData:memory dwFlags:number")
def set_provider_parameter(call: Call) -> None:
    """Takes the parameters that a program without windows may set, and forgets them."""
    known = (sdk.PP_CLIENT_HWND, sdk.PP_KEYSET_SEC_DESCR)
    require(call.number("dwParam") in known, sdk.NTE_BAD_TYPE)
