// words: unique_ptr shared_ptr make_unique make_shared
// The C++ standard, [unique.ptr] and [util.smartptr.shared].
#include "utility.hpp"
namespace std {

template <class T> struct default_delete {
    void operator()(T *pointer) const { delete pointer; }
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

    unique_ptr() : pointer_(), deleter_() {}
    unique_ptr(nullptr_t) : pointer_(), deleter_() {}
    explicit unique_ptr(pointer given) : pointer_(given), deleter_() {}
    unique_ptr(pointer given, D deleter) : pointer_(given), deleter_(deleter) {}
    unique_ptr(unique_ptr &&other) : pointer_(other.pointer_), deleter_(other.deleter_)
    {
        other.pointer_ = pointer();
    }
    unique_ptr(const unique_ptr &) = delete;
    ~unique_ptr()
    {
        if (pointer_)
            deleter_(pointer_);
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

    pointer get() const { return pointer_; }
    pointer release()
    {
        pointer old = pointer_;
        pointer_ = pointer();
        return old;
    }
    void reset(pointer given = pointer())
    {
        pointer old = pointer_;
        pointer_ = given;
        if (old)
            deleter_(old);
    }
    void swap(unique_ptr &other)
    {
        pointer kept = pointer_;
        pointer_ = other.pointer_;
        other.pointer_ = kept;
    }
    D &get_deleter() { return deleter_; }
    explicit operator bool() const { return pointer_ != 0; }
    T &operator*() const { return *pointer_; }
    pointer operator->() const { return pointer_; }

private:
    pointer pointer_;
    D deleter_;
};

}
