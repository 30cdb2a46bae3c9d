/* The types and macros of Windows that programs around CryptoAPI use, for compilers elsewhere.
   Sizes are Windows': a LONG has 32 bits. Facts: the SDK's pages on Windows data types. */
#ifndef CAPILINT_WINDOWS_TYPES_H
#define CAPILINT_WINDOWS_TYPES_H

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#ifdef __cplusplus
#define CAPILINT_BEGIN_C extern "C" {
#define CAPILINT_END_C }
#else
#define CAPILINT_BEGIN_C
#define CAPILINT_END_C
#endif

#define WINAPI
#define APIENTRY
#define CALLBACK
#define WINADVAPI
#define WINCRYPT32API
#ifndef _WIN32
#define __cdecl
#define __stdcall
#define __declspec(attribute)
#endif
#define CONST const
#define IN
#define OUT
#define OPTIONAL
#define FORCEINLINE static inline
#define UNREFERENCED_PARAMETER(parameter) (void)(parameter)

typedef int BOOL, INT, *PBOOL, *LPBOOL, *PINT, *LPINT;
typedef uint8_t BYTE, UCHAR, BOOLEAN, *PBYTE, *LPBYTE, *PUCHAR;
typedef char CHAR, *PSTR, *LPSTR, *PCHAR;
typedef const char *PCSTR, *LPCSTR;
typedef wchar_t WCHAR, *PWSTR, *LPWSTR, *PWCHAR;
typedef const wchar_t *PCWSTR, *LPCWSTR;
typedef int16_t SHORT;
typedef uint16_t WORD, USHORT, *PWORD, *LPWORD;
typedef int32_t LONG, HRESULT, NTSTATUS, SECURITY_STATUS, *PLONG;
typedef uint32_t DWORD, ULONG, UINT, ALG_ID, *PDWORD, *LPDWORD, *PULONG;
typedef int64_t LONGLONG, LONG64;
typedef uint64_t ULONGLONG, DWORDLONG, ULONG64, DWORD64;
typedef uintptr_t ULONG_PTR, DWORD_PTR, UINT_PTR, *PULONG_PTR;
typedef intptr_t LONG_PTR, INT_PTR;
typedef size_t SIZE_T, *PSIZE_T;
typedef void VOID, *PVOID, *LPVOID;
typedef const void *LPCVOID;
typedef PVOID HANDLE, *PHANDLE;
typedef struct capilint_instance *HINSTANCE, *HMODULE;
typedef struct capilint_window *HWND;
typedef struct capilint_registry *HKEY;
typedef struct { DWORD dwLowDateTime, dwHighDateTime; } FILETIME, *PFILETIME;

#define TRUE 1
#define FALSE 0
#define MAX_PATH 260
#define INVALID_HANDLE_VALUE ((HANDLE)(LONG_PTR)-1)
#define S_OK ((HRESULT)0)
#define S_FALSE ((HRESULT)1)
#define E_FAIL ((HRESULT)0x80004005)
#define E_INVALIDARG ((HRESULT)0x80070057)
#define E_OUTOFMEMORY ((HRESULT)0x8007000E)
#define SUCCEEDED(result) ((HRESULT)(result) >= 0)
#define FAILED(result) ((HRESULT)(result) < 0)
#define HRESULT_FROM_WIN32(error) \
    ((HRESULT)(error) <= 0 ? (HRESULT)(error) : (HRESULT)(((error) & 0xFFFF) | 0x80070000))
#define NT_SUCCESS(status) ((NTSTATUS)(status) >= 0)
#define BCRYPT_SUCCESS(status) NT_SUCCESS(status)
#define LOWORD(number) ((WORD)((DWORD_PTR)(number) & 0xFFFF))
#define HIWORD(number) ((WORD)((DWORD_PTR)(number) >> 16))
#define NO_ERROR 0

#ifdef UNICODE
typedef WCHAR TCHAR, *PTSTR, *LPTSTR;
typedef LPCWSTR PCTSTR, LPCTSTR;
#define CAPILINT_TEXT(text) L##text
#else
typedef CHAR TCHAR, *PTSTR, *LPTSTR;
typedef LPCSTR PCTSTR, LPCTSTR;
#define CAPILINT_TEXT(text) text
#endif
#define TEXT(text) CAPILINT_TEXT(text)
#define _TEXT(text) CAPILINT_TEXT(text)
#define _T(text) CAPILINT_TEXT(text)

CAPILINT_BEGIN_C
DWORD WINAPI GetLastError(void);
void WINAPI SetLastError(DWORD dwErrCode);
int WINAPI WinMain(HINSTANCE, HINSTANCE, LPSTR, int);
int WINAPI wWinMain(HINSTANCE, HINSTANCE, LPWSTR, int);
CAPILINT_END_C
#define ExitProcess(status) exit((int)(status))

#define ZeroMemory(destination, size) memset((destination), 0, (size))
#define FillMemory(destination, size, value) memset((destination), (value), (size))
#define CopyMemory(destination, source, size) memcpy((destination), (source), (size))
#define MoveMemory(destination, source, size) memmove((destination), (source), (size))
#define RtlZeroMemory ZeroMemory
#define RtlCopyMemory CopyMemory
#define SecureZeroMemory ZeroMemory
#define RtlSecureZeroMemory ZeroMemory

#define HEAP_ZERO_MEMORY 8
#define LMEM_FIXED 0
#define LMEM_ZEROINIT 0x40
#define LPTR 0x40
#define GMEM_FIXED 0
#define GMEM_ZEROINIT 0x40
#define GPTR 0x40
typedef HANDLE HLOCAL, HGLOBAL;
#define GetProcessHeap() ((HANDLE)(ULONG_PTR)1)
#define HeapAlloc(heap, flags, size) ((void)(heap), (void)(flags), calloc(1, (size)))
#define HeapReAlloc(heap, flags, memory, size) ((void)(heap), realloc((memory), (size)))
#define HeapFree(heap, flags, memory) ((void)(heap), free(memory), TRUE)
#define LocalAlloc(flags, size) ((HLOCAL)calloc(1, (size)))
#define LocalFree(memory) (free(memory), (HLOCAL)NULL)
#define GlobalAlloc(flags, size) ((HGLOBAL)calloc(1, (size)))
#define GlobalFree(memory) (free(memory), (HGLOBAL)NULL)
#define CoTaskMemAlloc(size) malloc(size)
#define CoTaskMemFree(memory) free(memory)

#define lstrlenA(text) ((int)strlen(text))
#define lstrlenW(text) ((int)wcslen(text))
#define lstrcmpA strcmp
#define lstrcmpW wcscmp
#define _strdup strdup
#define _snprintf snprintf
#ifdef UNICODE
#define lstrlen lstrlenW
#define _tcslen wcslen
#define _tprintf wprintf
#define _tmain wmain
#else
#define lstrlen lstrlenA
#define _tcslen strlen
#define _tprintf printf
#define _tmain main
#endif

#endif
