#pragma once
namespace boost {
namespace scope {
template <class F> struct defer_guard {
    defer_guard(F) {}
    ~defer_guard() {}
};
}
}
#define BOOST_SCOPE_DEFER ::boost::scope::defer_guard boost_defer_guard =
