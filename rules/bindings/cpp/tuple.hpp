// words: tuple make_tuple
// The C++ standard, [tuple], up to five elements.
namespace std {

struct no_element {
};

template <class A = no_element, class B = no_element, class C = no_element, class D = no_element,
          class E = no_element>
struct tuple {
    A first;
    B second;
    C third;
    D fourth;
    E fifth;
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

template <size_t N, class A, class B, class C, class D, class E> struct tuple_element_of {
    using type = A;
};
template <class A, class B, class C, class D, class E> struct tuple_element_of<1, A, B, C, D, E> {
    using type = B;
};
template <class A, class B, class C, class D, class E> struct tuple_element_of<2, A, B, C, D, E> {
    using type = C;
};
template <class A, class B, class C, class D, class E> struct tuple_element_of<3, A, B, C, D, E> {
    using type = D;
};
template <class A, class B, class C, class D, class E> struct tuple_element_of<4, A, B, C, D, E> {
    using type = E;
};

template <size_t N, class A, class B, class C, class D, class E>
typename tuple_element_of<N, A, B, C, D, E>::type &get(tuple<A, B, C, D, E> &all)
{
    if (N == 0)
        return all.first;
    if (N == 1)
        return all.second;
    if (N == 2)
        return all.third;
    if (N == 3)
        return all.fourth;
    return all.fifth;
}

}
