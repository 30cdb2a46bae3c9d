"""Facts about Python's own modules that resolving names needs (docs.python.org)."""

from __future__ import annotations

import builtins

BUILTINS = frozenset(dir(builtins)) | {"WindowsError", "unicode", "long", "basestring", "xrange"}

_CTYPES = """
    ARRAY ArgumentError Array BigEndianStructure BigEndianUnion CDLL CFUNCTYPE DEFAULT_MODE
    DllCanUnloadNow DllGetClassObject FormatError GetLastError HRESULT LibraryLoader
    LittleEndianStructure LittleEndianUnion OleDLL POINTER PYFUNCTYPE PyDLL RTLD_GLOBAL RTLD_LOCAL
    SetPointerType Structure Union WINFUNCTYPE WinDLL WinError addressof alignment byref c_bool
    c_buffer c_byte c_char c_char_p c_double c_float c_int c_int16 c_int32 c_int64 c_int8 c_long
    c_longdouble c_longlong c_short c_size_t c_ssize_t c_time_t c_ubyte c_uint c_uint16 c_uint32
    c_uint64 c_uint8 c_ulong c_ulonglong c_ushort c_void_p c_voidp c_wchar c_wchar_p cast cdll
    create_string_buffer create_unicode_buffer get_errno get_last_error memmove memset oledll
    pointer py_object pydll pythonapi resize set_errno set_last_error sizeof string_at windll
    wstring_at
"""
_WINTYPES = """
    ATOM BOOL BOOLEAN BYTE CHAR COLORREF DOUBLE DWORD FILETIME FLOAT HACCEL HANDLE HBITMAP HBRUSH
    HCOLORSPACE HDC HDESK HDWP HENHMETAFILE HFONT HGDIOBJ HGLOBAL HHOOK HICON HINSTANCE HKEY HKL
    HLOCAL HMENU HMETAFILE HMODULE HMONITOR HPALETTE HPEN HRGN HRSRC HSTR HTASK HWINSTA HWND INT
    LANGID LARGE_INTEGER LCID LCTYPE LGRPID LONG LPARAM LPBOOL LPBYTE LPCOLORREF LPCOLESTR LPCSTR
    LPCVOID LPCWSTR LPDWORD LPFILETIME LPHANDLE LPHKL LPHKEY LPINT LPLONG LPMSG LPOLESTR LPPOINT
    LPRECT LPRECTL LPSIZE LPSIZEL LPSTR LPUINT LPVOID LPWIN32_FIND_DATAA LPWIN32_FIND_DATAW LPWORD
    LPWSTR MAX_PATH MSG OLESTR PBOOL PBOOLEAN PBYTE PCHAR PDWORD PFILETIME PFLOAT PHANDLE PHKEY
    PHKL PINT PLARGE_INTEGER PLCID PLONG PMSG POINT POINTL PPOINT PPOINTL PRECT PRECTL PSHORT
    PSIZE PSIZEL PSMALL_RECT PUINT PULARGE_INTEGER PULONG PUSHORT PWCHAR PWIN32_FIND_DATAA
    PWIN32_FIND_DATAW PWORD RECT RECTL RGB SC_HANDLE SERVICE_STATUS_HANDLE SHORT SIZE SIZEL
    SMALL_RECT UINT ULARGE_INTEGER ULONG USHORT VARIANT_BOOL WCHAR WIN32_FIND_DATAA
    WIN32_FIND_DATAW WORD WPARAM
"""
STAR_EXPORTS = {
    "ctypes": frozenset(_CTYPES.split()),
    "ctypes.wintypes": frozenset(_WINTYPES.split()),
}

# ctypes' types whose boxes hold a whole number on Windows: bits, and whether it may be negative.
NUMBER_TYPES = {
    **dict.fromkeys(("c_byte", "c_int8"), (8, True)),
    **dict.fromkeys(("c_ubyte", "c_uint8"), (8, False)),
    **dict.fromkeys(("c_short", "c_int16", "SHORT"), (16, True)),
    **dict.fromkeys(("c_ushort", "c_uint16", "USHORT", "WORD"), (16, False)),
    **dict.fromkeys(("c_int", "c_int32", "c_long", "BOOL", "HRESULT", "INT", "LONG"), (32, True)),
    **dict.fromkeys(("c_uint", "c_uint32", "c_ulong", "DWORD", "UINT", "ULONG"), (32, False)),
    **dict.fromkeys(("c_int64", "c_longlong"), (64, True)),
    **dict.fromkeys(("c_uint64", "c_ulonglong"), (64, False)),
}
# Calls that give others what they need to fill a box.
FILLERS = frozenset({"addressof", "byref", "pointer"})
# Methods that change a container.
CHANGERS = frozenset(
    {
        "add",
        "append",
        "clear",
        "difference_update",
        "discard",
        "extend",
        "insert",
        "intersection_update",
        "pop",
        "popitem",
        "remove",
        "setdefault",
        "symmetric_difference_update",
        "update",
        "__delitem__",
        "__setitem__",
    }
)

LIBRARY_NAMESPACES = frozenset({"ctypes.windll", "ctypes.cdll", "ctypes.oledll", "ctypes.pydll"})
# Modules that give a library, its handles' types and `byref`; a function may be given them.
LIBRARY_MODULES = frozenset({"ctypes", "ctypes.wintypes"})
LIBRARY_LOADERS = frozenset(
    {"ctypes.WinDLL", "ctypes.CDLL", "ctypes.OleDLL", "ctypes.PyDLL", "cffi.FFI"}
)
LOADER_METHODS = (".LoadLibrary", ".dlopen")
FUNCTION_PROTOTYPES = frozenset({"ctypes.WINFUNCTYPE", "ctypes.CFUNCTYPE", "ctypes.PYFUNCTYPE"})
# A call of a class of pointers' maker gives such a class, and so does a product with a type.
POINTER_MAKER, POINTER_CLASS = "ctypes.POINTER", "ctypes._Pointer"
ARRAY_CLASS = "ctypes.Array"
# What is called of its result is known by the rules, whatever it is given.
LOGGER_MAKER = "logging.getLogger"
FIND_LIBRARY = "ctypes.util.find_library"

# Decorators that change what an object's attribute of the method's name is.
DESCRIPTORS = frozenset({"staticmethod", "classmethod", "property"})
# Decorators after which a call of the name still runs the decorated code.
TRANSPARENT_DECORATORS = frozenset(
    {
        "staticmethod",
        "classmethod",
        "property",
        "abc.abstractmethod",
        "contextlib.contextmanager",
        "contextlib.asynccontextmanager",
        "functools.wraps",
        "typing.final",
        "typing.overload",
        "typing.override",
        "typing_extensions.override",
    }
)
# Decorators after which a call of the name gives what the decorated code gives, if an older one.
CACHING_DECORATORS = frozenset(
    {"functools.cache", "functools.cached_property", "functools.lru_cache"}
)
# Decorators that make an attribute of a method: what it gives is read, not called.
PROPERTIES = frozenset({"property", "functools.cached_property"})
CONTEXT_MANAGER_DECORATORS = frozenset(
    {"contextlib.contextmanager", "contextlib.asynccontextmanager"}
)
CLOSING = frozenset({"contextlib.closing", "contextlib.aclosing"})
EXIT_STACKS = frozenset({"contextlib.ExitStack", "contextlib.AsyncExitStack"})
SWALLOWING_MANAGERS = frozenset({"contextlib.suppress", "pytest.raises"})
SWALLOWING_METHODS = frozenset({"assertRaises", "assertRaisesRegex"})
