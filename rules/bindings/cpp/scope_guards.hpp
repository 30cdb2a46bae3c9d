// words: finally final_action final_act scope_exit scope_fail scope_success unique_resource
// words: make_scope_exit make_scope_fail make_scope_success defer_guard BOOST_SCOPE_DEFER
// GSL's `finally`; the guards of the Library Fundamentals TS 3, [scopeguard]; Boost.Scope's; WIL's
// `scope_exit`.
namespace gsl {

template <class F = any_function> class final_action {
public:
    explicit final_action(F action) : action_(action), runs_(true) {}
    final_action(final_action &&other) : action_(other.action_), runs_(other.runs_)
    {
        other.runs_ = false;
    }
    final_action(const final_action &) = delete;
    ~final_action()
    {
        if (runs_)
            action_();
    }

private:
    F action_;
    bool runs_;
};

template <class F = any_function> using final_act = final_action<F>;

template <class F> final_action<F> finally(F action) { return final_action<F>(action); }

}

namespace std {
namespace experimental {

template <class F = any_function> class scope_exit {
public:
    explicit scope_exit(F action) : action_(action), runs_(true) {}
    scope_exit(scope_exit &&other) : action_(other.action_), runs_(other.runs_)
    {
        other.runs_ = false;
    }
    scope_exit(const scope_exit &) = delete;
    ~scope_exit()
    {
        if (runs_)
            action_();
    }
    void release() { runs_ = false; }

private:
    F action_;
    bool runs_;
};

template <class F = any_function> class scope_fail {
public:
    typedef int ends_by_exception_only;
    explicit scope_fail(F action) : action_(action), runs_(true) {}
    scope_fail(const scope_fail &) = delete;
    ~scope_fail()
    {
        if (runs_)
            action_();
    }
    void release() { runs_ = false; }

private:
    F action_;
    bool runs_;
};

template <class F = any_function> class scope_success {
public:
    typedef int ends_without_exception_only;
    explicit scope_success(F action) : action_(action), runs_(true) {}
    scope_success(const scope_success &) = delete;
    ~scope_success()
    {
        if (runs_)
            action_();
    }
    void release() { runs_ = false; }

private:
    F action_;
    bool runs_;
};

template <class R, class D = any_function> class unique_resource {
public:
    unique_resource(R resource, D deleter) : resource_(resource), deleter_(deleter), owns_(true) {}
    unique_resource(unique_resource &&other)
        : resource_(other.resource_), deleter_(other.deleter_), owns_(other.owns_)
    {
        other.owns_ = false;
    }
    unique_resource(const unique_resource &) = delete;
    ~unique_resource() { reset(); }
    void reset()
    {
        if (owns_)
            deleter_(resource_);
        owns_ = false;
    }
    void reset(R resource)
    {
        reset();
        resource_ = resource;
        owns_ = true;
    }
    void release() { owns_ = false; }
    R get() const { return resource_; }

private:
    R resource_;
    D deleter_;
    bool owns_;
};

}
}

namespace boost {
namespace scope {

template <class F = any_function> class scope_exit {
public:
    explicit scope_exit(F action) : action_(action), runs_(true) {}
    scope_exit(scope_exit &&other) : action_(other.action_), runs_(other.runs_)
    {
        other.runs_ = false;
    }
    scope_exit(const scope_exit &) = delete;
    ~scope_exit()
    {
        if (runs_)
            action_();
    }
    bool active() const { return runs_; }
    void set_active(bool runs) { runs_ = runs; }

private:
    F action_;
    bool runs_;
};

template <class F = any_function> class scope_fail {
public:
    typedef int ends_by_exception_only;
    explicit scope_fail(F action) : action_(action), runs_(true) {}
    scope_fail(const scope_fail &) = delete;
    ~scope_fail()
    {
        if (runs_)
            action_();
    }
    bool active() const { return runs_; }
    void set_active(bool runs) { runs_ = runs; }

private:
    F action_;
    bool runs_;
};

template <class F = any_function> class scope_success {
public:
    typedef int ends_without_exception_only;
    explicit scope_success(F action) : action_(action), runs_(true) {}
    scope_success(const scope_success &) = delete;
    ~scope_success()
    {
        if (runs_)
            action_();
    }
    bool active() const { return runs_; }
    void set_active(bool runs) { runs_ = runs; }

private:
    F action_;
    bool runs_;
};

template <class F = any_function> class defer_guard {
public:
    defer_guard(F action) : action_(action) {}
    defer_guard(const defer_guard &) = delete;
    ~defer_guard() { action_(); }

private:
    F action_;
};

template <class F> scope_exit<F> make_scope_exit(F action) { return scope_exit<F>(action); }
template <class F> scope_fail<F> make_scope_fail(F action) { return scope_fail<F>(action); }
template <class F> scope_success<F> make_scope_success(F action) { return scope_success<F>(action); }

}
}

namespace wil {

template <class F = any_function> class scope_exit_call {
public:
    explicit scope_exit_call(F action) : action_(action), runs_(true) {}
    scope_exit_call(scope_exit_call &&other) : action_(other.action_), runs_(other.runs_)
    {
        other.runs_ = false;
    }
    scope_exit_call(const scope_exit_call &) = delete;
    ~scope_exit_call() { reset(); }
    void reset()
    {
        if (runs_) {
            runs_ = false;
            action_();
        }
    }
    void release() { runs_ = false; }
    explicit operator bool() const { return runs_; }

private:
    F action_;
    bool runs_;
};

template <class F> scope_exit_call<F> scope_exit(F action) { return scope_exit_call<F>(action); }

}

#define BOOST_SCOPE_DEFER ::boost::scope::defer_guard<> boost_defer_guard =
