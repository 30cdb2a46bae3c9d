"""What API functions do to handles: the frozen values that `rules/` describes.

A protocol is one function's contract, in the words of its SDK page: which parameter receives a
new handle, which handles it uses, releases or references once more, and how it tells success.

    creates   phKey ◄── a new handle        uses      hKey is looked at while it must be alive
    releases  the end of a handle           retains   one reference more
    keeps     stored for longer             writes    the pointed-at memory changes
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
    RAISES = "raises"  # an exception on failure; the only functions that can raise
    ALWAYS = "always"  # cannot fail, or its failure means nothing to handles


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind of handle.

    `name` is the word of the reports (`key`); `handle_type` the SDK's (`HCRYPTKEY`), with
    `handle_aliases` its other names; `release` the function that ends its life and `released`
    what a report calls that (`destroyed`); `owner` the resource it cannot outlive, if any;
    `counted` whether references are counted; `modelled` whether the runtime model covers it.
    One that is not `watched` is known only so that a wrong release can be told (CAP203).
    """

    name: str
    handle_type: str
    release: str
    owner: str | None = None
    counted: bool = False
    modelled: bool = True
    released: str = "destroyed"
    handle_aliases: tuple[str, ...] = ()
    watched: bool = True


Flags = tuple[tuple[str, str], ...]  # parameters, each with the name of a flag in it


@dataclass(frozen=True, slots=True)
class Creation:
    """A handle that a successful call makes.

    `into` is the out-parameter, or `return`. `owner` is the parameter that holds the owning
    context; `owner_of` one whose own owner it shares (CryptDuplicateKey); `memory` the pointer to
    the caller's memory that the handle stands in, unless it is NULL. `unless` are pairs (parameter,
    named flag): where one of the flags is set, nothing is made; `only_if` are those of
    which one has to be set for certain. With `owned_if` the caller owns the handle only where that
    out-parameter came back true; where no flag of `asks_if` is set, it always does. `alternatives`
    are the resources that it may be instead, which the code finds out: releasing it as one is not
    wrong. `says` are pairs (out-parameter, named value): what the call writes there when it makes
    it; of several values for one, any. One of a resource that is not watched is known, and owed to
    nobody.
    """

    into: str
    resource: str
    owner: str | None = None
    owner_of: str | None = None
    memory: str | None = None
    unless: Flags = ()
    only_if: Flags = ()
    owned_if: str | None = None
    asks_if: Flags = ()
    alternatives: tuple[str, ...] = ()
    says: Flags = ()


@dataclass(frozen=True, slots=True)
class Protocol:
    """One function's contract.

    `name` is the SDK's name, whatever the binding calls it. `params` are its page's names in
    order (a binding's own where they differ; `sdk` then maps them, and `return`, to the page's).
    With `variadic`, more arguments may follow.

    What it does to its parameters; one that is named nowhere is looked at at most, and neither it
    nor what it points at escapes:

    - `creates`; `uses`, `releases` and `retains` (one reference more) map parameters to resources;
    - `keeps` may be stored, with what they point at, for longer than the call; where flags decide,
      only if one of `kept_if` may be set, or unless one of `kept_unless` is;
    - `writes` are pointers whose memory gets other content (buffers, lengths, flags);
    - `zeroes` is the pointer whose memory is cleared, if `zeroes_with` (where given) is 0;
    - `copies` is (from, to): the memory at one pointer is copied to the other;
    - `frees` is the pointer whose memory ends; a handle itself given to it is a wrong release;
    - `requires` is non-zero wherever the call comes back (assert);
    - `expects` is taken to be, where nobody else asks how the call went that it tells of: a
      program that is released ignores it (VERIFY);
    - `fails_with`, where it is not zero, makes the call fail after it has done its work.

    What comes back: `success` tells failure from success and `noreturn` never comes back; one that
    `ends_thread` leaves the handles of the thread alive.
    `returns` is one of

    ====================  =======================================================================
    ``""``                a value that has nothing to do with handles
    ``derived``           a value made from the arguments, which it may be turned back into
                          (`hex(x)`)
    ``exception``         the exception that is being handled, three times (`sys.exc_info()`)
    ``raising``           how many exceptions are under way (`std::uncaught_exceptions()`)
    ``length:NAME``       how many elements the argument has (`len(x)`)
    ``nonzero``           such a value, never 0 after a failure, and 0 after a call that made
                          a handle (GetLastError)
    ``same``              such a value, the same for the same arguments (`strcmp`)
    ``failed:NAME``       a value below 0, or 0 where the argument is (HRESULT_FROM_WIN32)
    ``negative:NAME``     whether the argument is below 0 (FAILED)
    ``nonnegative:NAME``  whether it is not (SUCCEEDED, NT_SUCCESS)
    ``zero:NAME``         whether it is 0 (RCRYPT_FAILED)
    ``nonzero:NAME``      whether it is not (`bool(x)`)
    ``argument:NAME``     the argument's value (`int(x)`, `cast(p, ..)`)
    ``address:NAME``      a pointer to the place that is the argument (`byref(h)`)
    ``content:NAME``      what the argument points at (`deref(p)`)
    ``function:NAME``     the address of the function that the argument names (`GetProcAddress`)
    ``box:NAME``          a new box that holds the argument, or 0 where it is not given
                          (`c_void_p(x)`, `ffi.new("HCRYPTKEY *")`)
    ``pointer:NAME``      the address of the argument or, where it is not given, a new box with 0
                          (`POINTER(c_void_p)()`)
    ====================  =======================================================================

    Of one that is `unlisted` it is known that it neither ends nor keeps a handle that it is given.
    `allocates` returns fresh memory that nobody else sees, or NULL. `owns_itself` is set where
    the destructor of the created object releases the handle, so that no release is owed.
    `replaced_by` is the call of the newer API (CAP501); `source` the page of the facts.
    """

    name: str
    family: str
    params: tuple[str, ...] = ()
    creates: tuple[Creation, ...] = ()
    uses: Mapping[str, str] = field(default_factory=dict)
    releases: Mapping[str, str] = field(default_factory=dict)
    retains: Mapping[str, str] = field(default_factory=dict)
    keeps: tuple[str, ...] = ()
    kept_if: Flags = ()
    kept_unless: Flags = ()
    writes: tuple[str, ...] = ()
    success: Success = Success.NONZERO
    noreturn: bool = False
    ends_thread: bool = False
    requires: str | None = None
    expects: str | None = None
    fails_with: str | None = None
    allocates: bool = False
    frees: str | None = None
    zeroes: str | None = None
    zeroes_with: str | None = None
    copies: tuple[str, str] | None = None
    returns: str = ""
    owns_itself: bool = False
    replaced_by: str = ""
    source: str = ""
    variadic: bool = False
    unlisted: bool = False
    sdk: Mapping[str, str] = field(default_factory=dict)

    @property
    def changes(self) -> bool:
        """Whether it begins or ends the life of a handle, or a part of it."""
        return bool(self.creates or self.releases or self.retains)

    @property
    def acts(self) -> bool:
        """Whether it does anything to a handle, be it that it only uses one."""
        return self.changes or bool(self.uses)
