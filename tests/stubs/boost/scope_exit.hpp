#pragma once
struct boost_scope_exit_guard {
    template <class F> boost_scope_exit_guard(F &&) {}
    ~boost_scope_exit_guard() {}
};
#define BOOST_JOINED(a, b) a##b
#define BOOST_NAMED(a, b) BOOST_JOINED(a, b)
#define BOOST_SCOPE_EXIT(...) boost_scope_exit_guard BOOST_NAMED(guard, __LINE__) = [&]()
#define BOOST_SCOPE_EXIT_END ;
#define BOOST_SCOPE_EXIT_ALL(...) boost_scope_exit_guard BOOST_NAMED(guard, __LINE__) = [__VA_ARGS__]()
