// words: optional
// The C++ standard, [optional].
#include "utility.hpp"
namespace std {

struct nullopt_t {
    int nothing;
};

template <class T> class optional {
public:
    optional() : __object(0) {}
    optional(nullopt_t) : __object(0) {}
    optional(const T &value) : __object(new T(value)) {}
    optional(T &&value) : __object(new T(std::move(value))) {}
    optional(in_place_t) : __object(new T()) {}
    template <class A> optional(in_place_t, A &&a)
        : __object(new T(std::forward<A>(a)))
    {
    }
    template <class A, class B> optional(in_place_t, A &&a, B &&b)
        : __object(new T(std::forward<A>(a), std::forward<B>(b)))
    {
    }
    optional(const optional &other) : __object(0)
    {
        if (other.__object)
            __object = new T(*other.__object);
    }
    optional(optional &&other) : __object(0)
    {
        if (other.__object)
            __object = new T(std::move(*other.__object));
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
        __object = new T(value);
        return *this;
    }
    optional &operator=(T &&value)
    {
        reset();
        __object = new T(std::move(value));
        return *this;
    }
    optional &operator=(const optional &other)
    {
        reset();
        if (other.__object)
            __object = new T(*other.__object);
        return *this;
    }
    optional &operator=(optional &&other)
    {
        reset();
        if (other.__object)
            __object = new T(std::move(*other.__object));
        return *this;
    }

    void reset()
    {
        if (__object)
            delete __object;
        __object = 0;
    }
    T &emplace()
    {
        reset();
        __object = new T();
        return *__object;
    }
    template <class A> T &emplace(A &&a)
    {
        reset();
        __object = new T(std::forward<A>(a));
        return *__object;
    }
    template <class A, class B> T &emplace(A &&a, B &&b)
    {
        reset();
        __object = new T(std::forward<A>(a), std::forward<B>(b));
        return *__object;
    }
    bool has_value() const { return __object != 0; }
    explicit operator bool() const { return __object != 0; }
    T &value() const { return *__object; }
    T &operator*() const { return *__object; }
    T *operator->() const { return __object; }

    bool operator==(nullopt_t) const { return __object == 0; }
    bool operator!=(nullopt_t) const { return __object != 0; }
    bool operator==(const T &value) const { return __object != 0 && *__object == value; }
    bool operator!=(const T &value) const { return __object == 0 || *__object != value; }
    bool operator<(const T &value) const { return __object == 0 || *__object < value; }
    bool operator>=(const T &value) const { return __object != 0 && *__object >= value; }

private:
    T *__object;
};

}
