// words: tuple make_tuple std::tie
// The C++ standard, [tuple], up to five elements. Reports say `std::get<1>(t)` for `t.__get_1`.
#include "utility.hpp"
namespace std {

struct no_element {
};

template <class A = no_element, class B = no_element, class C = no_element, class D = no_element,
          class E = no_element>
struct tuple {
    A __get_0;
    B __get_1;
    C __get_2;
    D __get_3;
    E __get_4;
};

template <class A, class B> tuple<A, B> make_tuple(A a, B b) { return tuple<A, B>{std::move(a), std::move(b)}; }
template <class A, class B, class C> tuple<A, B, C> make_tuple(A a, B b, C c)
{
    return tuple<A, B, C>{std::move(a), std::move(b), std::move(c)};
}
template <class A, class B, class C, class D> tuple<A, B, C, D> make_tuple(A a, B b, C c, D d)
{
    return tuple<A, B, C, D>{std::move(a), std::move(b), std::move(c), std::move(d)};
}

// The element by its number, or by its type.
template <class N, class A, class B, class C, class D, class E> struct element_of {
};
template <class A, class B, class C, class D, class E> struct element_of<0, A, B, C, D, E> {
    using type = A;
    static A &in(tuple<A, B, C, D, E> &all) { return all.__get_0; }
};
template <class A, class B, class C, class D, class E> struct element_of<A, A, B, C, D, E> {
    using type = A;
    static A &in(tuple<A, B, C, D, E> &all) { return all.__get_0; }
};
template <class A, class B, class C, class D, class E> struct element_of<1, A, B, C, D, E> {
    using type = B;
    static B &in(tuple<A, B, C, D, E> &all) { return all.__get_1; }
};
template <class A, class B, class C, class D, class E> struct element_of<B, A, B, C, D, E> {
    using type = B;
    static B &in(tuple<A, B, C, D, E> &all) { return all.__get_1; }
};
template <class A, class B, class C, class D, class E> struct element_of<2, A, B, C, D, E> {
    using type = C;
    static C &in(tuple<A, B, C, D, E> &all) { return all.__get_2; }
};
template <class A, class B, class C, class D, class E> struct element_of<C, A, B, C, D, E> {
    using type = C;
    static C &in(tuple<A, B, C, D, E> &all) { return all.__get_2; }
};
template <class A, class B, class C, class D, class E> struct element_of<3, A, B, C, D, E> {
    using type = D;
    static D &in(tuple<A, B, C, D, E> &all) { return all.__get_3; }
};
template <class A, class B, class C, class D, class E> struct element_of<D, A, B, C, D, E> {
    using type = D;
    static D &in(tuple<A, B, C, D, E> &all) { return all.__get_3; }
};
template <class A, class B, class C, class D, class E> struct element_of<4, A, B, C, D, E> {
    using type = E;
    static E &in(tuple<A, B, C, D, E> &all) { return all.__get_4; }
};
template <class A, class B, class C, class D, class E> struct element_of<E, A, B, C, D, E> {
    using type = E;
    static E &in(tuple<A, B, C, D, E> &all) { return all.__get_4; }
};

template <size_t N, class A, class B, class C, class D, class E>
typename element_of<N, A, B, C, D, E>::type &get(tuple<A, B, C, D, E> &all)
{
    return element_of<N, A, B, C, D, E>::in(all);
}

template <class A, class B> class tied_two {
public:
    tied_two(A &first, B &second) : first_(&first), second_(&second) {}
    tied_two &operator=(pair<A, B> both)
    {
        *first_ = std::move(both.first);
        *second_ = std::move(both.second);
        return *this;
    }
    tied_two &operator=(tuple<A, B> both)
    {
        *first_ = std::move(both.__get_0);
        *second_ = std::move(both.__get_1);
        return *this;
    }

private:
    A *first_;
    B *second_;
};

template <class A, class B, class C> class tied_three {
public:
    tied_three(A &first, B &second, C &third) : first_(&first), second_(&second), third_(&third) {}
    tied_three &operator=(tuple<A, B, C> all)
    {
        *first_ = std::move(all.__get_0);
        *second_ = std::move(all.__get_1);
        *third_ = std::move(all.__get_2);
        return *this;
    }

private:
    A *first_;
    B *second_;
    C *third_;
};

template <class A, class B> tied_two<A, B> tie(A &first, B &second)
{
    return tied_two<A, B>(first, second);
}
template <class A, class B, class C> tied_three<A, B, C> tie(A &first, B &second, C &third)
{
    return tied_three<A, B, C>(first, second, third);
}

}
