// words: unique_ptr shared_ptr make_unique make_shared
// The C++ standard, [unique.ptr] and [util.smartptr.shared].
#include "utility.hpp"
namespace std {

template <class T> struct default_delete {
    void operator()(T *pointer) const { delete pointer; }
};
template <class T> struct default_delete<T[]> {
    void operator()(T *pointer) const { delete[] pointer; }
};

// The deleter's own `pointer` comes first.
template <class T> struct pointer_to {
    typedef T *pointer;
};
template <class T, class D> struct pointer_of : D, pointer_to<T> {
};

template <class T, class D = default_delete<T>> class unique_ptr {
public:
    typedef typename pointer_of<T, D>::pointer pointer;
    typedef T element_type;
    typedef D deleter_type;

    unique_ptr() : __pointer(), deleter_() {}
    unique_ptr(nullptr_t) : __pointer(), deleter_() {}
    explicit unique_ptr(pointer given) : __pointer(given), deleter_() {}
    unique_ptr(pointer given, D deleter) : __pointer(given), deleter_(deleter) {}
    unique_ptr(unique_ptr &&other) : __pointer(other.__pointer), deleter_(other.deleter_)
    {
        other.__pointer = pointer();
    }
    unique_ptr(const unique_ptr &) = delete;
    template <class U, class E> unique_ptr(unique_ptr<U, E> &&other)
        : __pointer(other.release()), deleter_(other.get_deleter())
    {
    }
    ~unique_ptr()
    {
        if (__pointer)
            deleter_(__pointer);
    }

    unique_ptr &operator=(unique_ptr &&other)
    {
        reset(other.release());
        deleter_ = other.deleter_;
        return *this;
    }
    template <class U, class E> unique_ptr &operator=(unique_ptr<U, E> &&other)
    {
        reset(other.release());
        deleter_ = other.get_deleter();
        return *this;
    }
    unique_ptr &operator=(nullptr_t)
    {
        reset();
        return *this;
    }
    unique_ptr &operator=(const unique_ptr &) = delete;

    pointer get() const { return __pointer; }
    pointer release()
    {
        pointer old = __pointer;
        __pointer = pointer();
        return old;
    }
    void reset(pointer given = pointer())
    {
        pointer old = __pointer;
        __pointer = given;
        if (old)
            deleter_(old);
    }
    void swap(unique_ptr &other)
    {
        pointer kept = __pointer;
        __pointer = other.__pointer;
        other.__pointer = kept;
    }
    D &get_deleter() { return deleter_; }
    explicit operator bool() const { return __pointer != 0; }
    T &operator*() const { return *__pointer; }
    pointer operator->() const { return __pointer; }

private:
    pointer __pointer;
    D deleter_;
};

template <class T, class D> class unique_ptr<T[], D> {
public:
    typedef typename pointer_of<T, D>::pointer pointer;
    typedef T element_type;
    typedef D deleter_type;

    unique_ptr() : __pointer(), deleter_() {}
    unique_ptr(nullptr_t) : __pointer(), deleter_() {}
    explicit unique_ptr(pointer given) : __pointer(given), deleter_() {}
    unique_ptr(pointer given, D deleter) : __pointer(given), deleter_(deleter) {}
    unique_ptr(unique_ptr &&other) : __pointer(other.__pointer), deleter_(other.deleter_)
    {
        other.__pointer = pointer();
    }
    unique_ptr(const unique_ptr &) = delete;
    ~unique_ptr()
    {
        if (__pointer)
            deleter_(__pointer);
    }

    unique_ptr &operator=(unique_ptr &&other)
    {
        reset(other.release());
        deleter_ = other.deleter_;
        return *this;
    }
    unique_ptr &operator=(nullptr_t)
    {
        reset();
        return *this;
    }
    unique_ptr &operator=(const unique_ptr &) = delete;

    pointer get() const { return __pointer; }
    pointer release()
    {
        pointer old = __pointer;
        __pointer = pointer();
        return old;
    }
    void reset(pointer given = pointer())
    {
        pointer old = __pointer;
        __pointer = given;
        if (old)
            deleter_(old);
    }
    void swap(unique_ptr &other)
    {
        pointer kept = __pointer;
        __pointer = other.__pointer;
        other.__pointer = kept;
    }
    D &get_deleter() { return deleter_; }
    explicit operator bool() const { return __pointer != 0; }
    T &operator[](size_t index) const { return __pointer[index]; }

private:
    pointer __pointer;
    D deleter_;
};

template <class T> unique_ptr<T> make_unique() { return unique_ptr<T>(new T()); }
template <class T, class A> unique_ptr<T> make_unique(A &&a)
{
    return unique_ptr<T>(new T(std::forward<A>(a)));
}
template <class T, class A, class B> unique_ptr<T> make_unique(A &&a, B &&b)
{
    return unique_ptr<T>(new T(std::forward<A>(a), std::forward<B>(b)));
}
template <class T, class A, class B, class C> unique_ptr<T> make_unique(A &&a, B &&b, C &&c)
{
    return unique_ptr<T>(new T(std::forward<A>(a), std::forward<B>(b), std::forward<C>(c)));
}

// The deleter is seen where the object is made. Who is the last owner of what was copied is not.
template <class T, class D = any_function> class shared_ptr {
public:
    typedef T element_type;

    shared_ptr() : __pointer(0), owns_(false), deletes_(false) {}
    shared_ptr(nullptr_t) : __pointer(0), owns_(false), deletes_(false) {}
    explicit shared_ptr(T *given) : __pointer(given), owns_(true), deletes_(true) {}
    shared_ptr(T *given, D deleter)
        : __pointer(given), owns_(true), deletes_(false), deleter_(deleter)
    {
    }
    shared_ptr(const shared_ptr &other)
        : __pointer(shared_with(&other)), owns_(shared_with(&other)), deletes_(false)
    {
    }
    shared_ptr(shared_ptr &&other)
        : __pointer(other.__pointer), owns_(other.owns_), deletes_(other.deletes_),
          deleter_(other.deleter_)
    {
        other.__pointer = 0;
        other.owns_ = false;
    }
    template <class U, class E> shared_ptr(const shared_ptr<U, E> &other)
        : __pointer(shared_with(&other)), owns_(shared_with(&other)), deletes_(false)
    {
    }
    ~shared_ptr() { reset(); }

    shared_ptr &operator=(const shared_ptr &other)
    {
        reset();
        __pointer = shared_with(&other);
        owns_ = shared_with(&other);
        return *this;
    }
    template <class U, class E> shared_ptr &operator=(const shared_ptr<U, E> &other)
    {
        reset();
        __pointer = shared_with(&other);
        owns_ = shared_with(&other);
        return *this;
    }
    shared_ptr &operator=(shared_ptr &&other)
    {
        reset();
        __pointer = other.__pointer;
        owns_ = other.owns_;
        deletes_ = other.deletes_;
        deleter_ = other.deleter_;
        other.__pointer = 0;
        other.owns_ = false;
        return *this;
    }

    T *get() const { return __pointer; }
    void reset()
    {
        T *old = __pointer;
        bool owned = owns_;
        __pointer = 0;
        owns_ = false;
        if (owned) { // the deleter gets a null pointer, too
            if (deletes_)
                delete old;
            else
                deleter_(old);
        }
    }
    void reset(T *given)
    {
        reset();
        __pointer = given;
        owns_ = true;
        deletes_ = true;
    }
    void reset(T *given, D deleter)
    {
        reset();
        __pointer = given;
        owns_ = true;
        deletes_ = false;
        deleter_ = deleter;
    }
    explicit operator bool() const { return __pointer != 0; }
    T &operator*() const { return *__pointer; }
    T *operator->() const { return __pointer; }

private:
    T *__pointer;
    bool owns_;
    bool deletes_;
    D deleter_;
};

template <class T> shared_ptr<T> make_shared() { return shared_ptr<T>(new T()); }
template <class T, class A> shared_ptr<T> make_shared(A &&a)
{
    return shared_ptr<T>(new T(std::forward<A>(a)));
}
template <class T, class A, class B> shared_ptr<T> make_shared(A &&a, B &&b)
{
    return shared_ptr<T>(new T(std::forward<A>(a), std::forward<B>(b)));
}
template <class T, class A, class B, class C> shared_ptr<T> make_shared(A &&a, B &&b, C &&c)
{
    return shared_ptr<T>(new T(std::forward<A>(a), std::forward<B>(b), std::forward<C>(c)));
}

}
