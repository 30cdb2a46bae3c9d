/* A part of a C++ program's library: what its compiler calls where functions begin and end
   (-finstrument-functions) and around exceptions is passed on to frames.cpp. Other libraries have
   functions of these names, too: the linker is told to take ours.

   The exception's ABI: https://itanium-cxx-abi.github.io/cxx-abi/abi-eh.html */
#include <dlfcn.h>
#include <typeinfo>

#define UNWATCHED __attribute__((no_instrument_function))
#define FRAME_OF_CALLER static_cast<char *>(__builtin_frame_address(1))

extern "C" {

void capilint_enter(void *function, void *call, char *pointer);
void capilint_exit(char *pointer);
void capilint_throw(void *place);
void capilint_catch(char *pointer);
extern void *__dso_handle;
void __cxa_finalize(void *);

UNWATCHED void __cyg_profile_func_enter(void *function, void *call)
{
    capilint_enter(function, call, FRAME_OF_CALLER);
}

UNWATCHED void __cyg_profile_func_exit(void *, void *)
{
    capilint_exit(FRAME_OF_CALLER);
}

UNWATCHED __attribute__((noreturn)) void __cxa_throw(void *thrown, std::type_info *type,
                                                     void (*destructor)(void *))
{
    capilint_throw(__builtin_return_address(0));
    using Throw = void (*)(void *, std::type_info *, void (*)(void *));
    reinterpret_cast<Throw>(dlsym(RTLD_NEXT, "__cxa_throw"))(thrown, type, destructor);
    __builtin_unreachable();
}

UNWATCHED __attribute__((noreturn)) void __cxa_rethrow()
{
    capilint_throw(__builtin_return_address(0));
    reinterpret_cast<void (*)()>(dlsym(RTLD_NEXT, "__cxa_rethrow"))();
    __builtin_unreachable();
}

UNWATCHED void *__cxa_begin_catch(void *exception) noexcept
{
    capilint_catch(FRAME_OF_CALLER);
    using Begin = void *(*)(void *);
    return reinterpret_cast<Begin>(dlsym(RTLD_NEXT, "__cxa_begin_catch"))(exception);
}

/* Static objects end, as they do at the end of a process. */
UNWATCHED void capilint_end_statics()
{
    __cxa_finalize(&__dso_handle);
}

} // extern "C"
