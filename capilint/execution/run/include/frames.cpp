/* The frames of a C++ program, of which hooks.cpp tells: `cpp_program` asks for the stack of an API
   call, and is told which functions an exception leaves. With the glue this is a library that is
   loaded before the program's, so that the constructors of its static objects find the model.

   A frame is known by its frame pointer. gcc tells of the end of a function that an exception
   leaves, clang does not: its frame lies below that of the next function that begins, or catches. */
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <cxxabi.h>
#include <dlfcn.h>
#include <exception>

namespace {

struct Frame {
    void *function;
    void *call; /* where its caller goes on */
    char *pointer;
    int exceptions; /* that were on their way when it began */
    uint64_t number;
    bool calls_api;
};

const unsigned MOST = 4096; /* deeper frames are unknown */
thread_local Frame frames[MOST];
thread_local unsigned depth;
thread_local uint64_t begun;
thread_local void *thrown_at; /* where the exception came up, in the frame of that number */
thread_local uint64_t thrown_in;
std::terminate_handler terminate_before;

} // namespace

extern "C" {
__thread void *capilint_called; /* where the program goes on after its API call */
const char *capilint_program;       /* the path of its library */
/* A frame with API calls ends by an exception, which came up at the place. */
void (*capilint_left)(uint64_t number, void *place);
/* An exception that nobody catches ends the program. */
void (*capilint_uncaught)(void);
}

static void end_innermost(int exceptions)
{
    const Frame frame = frames[depth - 1];
    bool by_exception = exceptions > frame.exceptions;
    if (by_exception && frame.calls_api && capilint_left) {
        void *first = static_cast<char *>(frame.function) + 1; /* as if a call were before it */
        capilint_left(frame.number, thrown_in == frame.number ? thrown_at : first);
    }
    --depth;
    if (by_exception) {
        thrown_at = frame.call;
        thrown_in = depth ? frames[depth - 1].number : 0;
    }
}

static void end_all_below(char *pointer)
{
    while (depth && frames[depth - 1].pointer < pointer)
        end_innermost(std::uncaught_exceptions());
}

static void uncaught()
{
    if (abi::__cxa_current_exception_type() && capilint_uncaught)
        capilint_uncaught();
    fflush(nullptr);
    terminate_before();
}

extern "C" {

void capilint_enter(void *function, void *call, char *pointer)
{
    end_all_below(pointer);
    if (depth < MOST) {
        int exceptions = std::uncaught_exceptions();
        frames[depth++] = Frame{function, call, pointer, exceptions, ++begun, false};
    }
}

void capilint_exit(char *pointer)
{
    end_all_below(pointer);
    if (depth && frames[depth - 1].pointer == pointer)
        end_innermost(std::uncaught_exceptions());
}

void capilint_throw(void *place)
{
    thrown_at = place;
    thrown_in = depth ? frames[depth - 1].number : 0;
}

void capilint_catch(char *pointer)
{
    end_all_below(pointer);
}

/* The frames from the innermost outwards: their numbers, and how far into the program's library
   each stands, the innermost at the place; 0 for a place outside. The result counts them. */
unsigned capilint_stack(void *place, uint64_t *numbers, uintptr_t *offsets, unsigned most)
{
    unsigned count = 0;
    for (unsigned index = depth; index > 0 && count < most; index--) {
        const Frame &frame = frames[index - 1];
        if (index > 1 && frames[index - 2].pointer == frame.pointer)
            continue; /* inlined */
        Dl_info module;
        bool ours = dladdr(place, &module) && !strcmp(module.dli_fname, capilint_program);
        numbers[count] = frame.number;
        offsets[count++] = ours ? static_cast<char *>(place) - static_cast<char *>(module.dli_fbase)
                                : 0;
        place = frame.call;
    }
    return count;
}

/* The stack of the API call that this thread makes: its frames are watched from now on. */
unsigned capilint_call_stack(uint64_t *numbers, uintptr_t *offsets, unsigned most)
{
    for (unsigned index = 0; index < depth; index++)
        frames[index].calls_api = true;
    return capilint_stack(capilint_called, numbers, offsets, most);
}

void capilint_watch()
{
    terminate_before = std::set_terminate(uncaught);
}

} // extern "C"
