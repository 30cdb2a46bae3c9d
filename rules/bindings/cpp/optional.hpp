// words: optional
// The C++ standard, [optional].
#include "utility.hpp"
namespace std {

struct nullopt_t {
    int nothing;
};

template <class T> class optional {
public:
    optional() : object_(0) {}
    optional(nullopt_t) : object_(0) {}
    optional(const T &value) : object_(new T(value)) {}
    optional(T &&value) : object_(new T(std::move(value))) {}
    optional(in_place_t) : object_(new T()) {}
    template <class A> optional(in_place_t, A &&a)
        : object_(new T(std::forward<A>(a)))
    {
    }
    template <class A, class B> optional(in_place_t, A &&a, B &&b)
        : object_(new T(std::forward<A>(a), std::forward<B>(b)))
    {
    }
    optional(const optional &other) : object_(0)
    {
        if (other.object_)
            object_ = new T(*other.object_);
    }
    optional(optional &&other) : object_(0)
    {
        if (other.object_)
            object_ = new T(std::move(*other.object_));
    }
    ~optional() { reset(); }

    optional &operator=(nullopt_t)
    {
        reset();
        return *this;
    }
    optional &operator=(const T &value)
    {
        reset();
        object_ = new T(value);
        return *this;
    }
    optional &operator=(T &&value)
    {
        reset();
        object_ = new T(std::move(value));
        return *this;
    }
    optional &operator=(const optional &other)
    {
        reset();
        if (other.object_)
            object_ = new T(*other.object_);
        return *this;
    }
    optional &operator=(optional &&other)
    {
        reset();
        if (other.object_)
            object_ = new T(std::move(*other.object_));
        return *this;
    }

    void reset()
    {
        if (object_)
            delete object_;
        object_ = 0;
    }
    T &emplace()
    {
        reset();
        object_ = new T();
        return *object_;
    }
    template <class A> T &emplace(A &&a)
    {
        reset();
        object_ = new T(std::forward<A>(a));
        return *object_;
    }
    template <class A, class B> T &emplace(A &&a, B &&b)
    {
        reset();
        object_ = new T(std::forward<A>(a), std::forward<B>(b));
        return *object_;
    }
    bool has_value() const { return object_ != 0; }
    explicit operator bool() const { return object_ != 0; }
    T &value() const { return *object_; }
    T &operator*() const { return *object_; }
    T *operator->() const { return object_; }

    bool operator==(nullopt_t) const { return object_ == 0; }
    bool operator!=(nullopt_t) const { return object_ != 0; }
    bool operator==(const T &value) const { return object_ != 0 && *object_ == value; }
    bool operator!=(const T &value) const { return object_ == 0 || *object_ != value; }
    bool operator<(const T &value) const { return object_ == 0 || *object_ < value; }
    bool operator>=(const T &value) const { return object_ != 0 && *object_ >= value; }

private:
    T *object_;
};

}
