#pragma once
namespace boost {
namespace scope {
template <class F> struct scope_exit {
    explicit scope_exit(F) {}
    ~scope_exit() {}
    bool active() const { return true; }
    void set_active(bool) {}
};
template <class F> scope_exit<F> make_scope_exit(F action) { return scope_exit<F>(action); }
}
}
