"""The intermediate representation: functions as control-flow graphs over places.

Front ends produce it, the engine reads it. It knows no language and no API.

    Module ─┬─ Function ─── BasicBlock ─┬─ Instruction*      (assign, call, declare, ...)
            │                           ├─ Terminator        (jump, branch, return, raise, stop)
            │                           └─ handler           (where an exception goes)
            └─ aliases, classes

**Places** name storage: a variable and a path of accessors into it.

    C   hKey        Place(hKey)                Python  h          Place(h)
        *phKey      Place(phKey, "*")                  self.key   Place(self, "*", ".key")
        ctx.key     Place(ctx, ".key")                 t[0]       Place(t, "[0]")
        ctx->key    Place(ctx, "*", ".key")            t[i]       Place(t, "[?]")
        keys[2]     Place(keys, "[2]")  (a declared array; of a pointer: "*", "[2]")

An accessor is a short string: `*` follows a pointer or an object reference, `.f` selects a
member, `[n]` a constant index or `["text"]` a constant string key, `[?]` some element.

**Values** are pure trees over constants and places; calls are instructions, so a call inside an
expression is first assigned to a temporary, in evaluation order.
"""

from capilint.ir.code import (
    Assign,
    Branch,
    Call,
    Callee,
    Choose,
    Declare,
    Delete,
    Direct,
    ElementOperation,
    Elements,
    EndScope,
    Escape,
    Indirect,
    Instruction,
    Jump,
    Method,
    Question,
    Raise,
    Return,
    Stop,
    Terminator,
    Yield,
    callee_name,
    values_of,
)
from capilint.ir.program import (
    BasicBlock,
    ClassText,
    Function,
    Module,
    Parameter,
    Problem,
    successors,
    tails,
)
from capilint.ir.values import (
    NEW_ELEMENT,
    AddressOf,
    Constant,
    FunctionReference,
    Named,
    Operation,
    Place,
    Read,
    Respelt,
    Scope,
    TupleOf,
    Unknown,
    Value,
    Variable,
    origins_in,
    places_in,
    source_text,
)
from capilint.language import Language

__all__ = [
    "NEW_ELEMENT",
    "AddressOf",
    "Assign",
    "BasicBlock",
    "Branch",
    "Call",
    "Callee",
    "Choose",
    "ClassText",
    "Constant",
    "Declare",
    "Delete",
    "Direct",
    "ElementOperation",
    "Elements",
    "EndScope",
    "Escape",
    "Function",
    "FunctionReference",
    "Indirect",
    "Instruction",
    "Jump",
    "Language",
    "Method",
    "Module",
    "Named",
    "Operation",
    "Parameter",
    "Place",
    "Problem",
    "Question",
    "Raise",
    "Read",
    "Respelt",
    "Return",
    "Scope",
    "Stop",
    "Terminator",
    "TupleOf",
    "Unknown",
    "Value",
    "Variable",
    "Yield",
    "callee_name",
    "origins_in",
    "places_in",
    "source_text",
    "successors",
    "tails",
    "values_of",
]
