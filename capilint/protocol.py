"""What API functions do to handles: the frozen values that `rules/` describes.

A protocol is one function's contract, in the words of its SDK page: which parameter receives a
new handle, which handles it uses, releases or references once more, and how it tells success.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Success(StrEnum):
    """How a function tells that it worked."""

    NONZERO = "nonzero"  # BOOL, or a handle / pointer
    ZERO = "zero"  # SECURITY_STATUS, error numbers
    NONNEGATIVE = "nonnegative"  # NTSTATUS, HRESULT
    RAISES = "raises"  # an exception on failure
    ALWAYS = "always"  # cannot fail, or its failure means nothing to handles


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind of handle.

    `name` is the word of the reports (`key`); `handle_type` the SDK's (`HCRYPTKEY`); `release`
    the function that ends its life; `owner` the resource it cannot outlive, if any; `counted`
    whether references are counted; `modelled` whether the runtime model covers it.
    """

    name: str
    handle_type: str
    release: str
    owner: str | None = None
    counted: bool = False
    modelled: bool = True


@dataclass(frozen=True, slots=True)
class Creation:
    """A handle that a successful call makes.

    `into` is the out-parameter, or `return`. `owner` is the parameter that holds the owning
    context; `owner_of` one whose own owner it shares (CryptDuplicateKey). With `unless`
    (parameter, named flag) nothing is made when the flag is set. With `owned_if` the caller owns
    the handle only where that out-parameter came back true.
    """

    into: str
    resource: str
    owner: str | None = None
    owner_of: str | None = None
    unless: tuple[tuple[str, str], ...] = ()
    owned_if: str | None = None


@dataclass(frozen=True, slots=True)
class Protocol:
    """One API function's contract. `params` are its SDK page's names, in order.

    `uses`, `releases` and `retains` (one reference more) map parameters to resources. `fallible`
    is False where the success value is not worth a branch. `noreturn` never comes back;
    `requires` names a parameter that is non-zero wherever it comes back (assert). `allocates`
    returns fresh memory that nobody else sees; `frees` names the parameter whose memory ends;
    `zeroes` the pointer parameter whose memory is cleared; `copies` (from, to) parameters.
    `returns` is `nonzero`, `argument:NAME`, `address:NAME`, `content:NAME` or empty.
    Every parameter not named is looked at at most: it does not escape, unless it is in `keeps`.
    `releases_unless_raises`... see Success. `owns_itself` is set for objects whose destructor
    releases the handle, so that no release is owed.
    """

    name: str
    family: str
    params: tuple[str, ...] = ()
    creates: tuple[Creation, ...] = ()
    uses: Mapping[str, str] = field(default_factory=dict)
    releases: Mapping[str, str] = field(default_factory=dict)
    retains: Mapping[str, str] = field(default_factory=dict)
    keeps: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    success: Success = Success.NONZERO
    noreturn: bool = False
    requires: str | None = None
    allocates: bool = False
    frees: str | None = None
    zeroes: str | None = None
    returns: str = ""
    owns_itself: bool = False
    replaced_by: str = ""
    source: str = ""
    variadic: bool = False
