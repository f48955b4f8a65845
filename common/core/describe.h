// Structs and enums that say once what they consist of, from which SQL columns, JSON and words follow.
//
//   BOOST_DEFINE_ENUM_CLASS(Color, red, green)    // an enum, spelled like the wire and the SQL value
//
//   struct Named { std::string id; };
//   BOOST_DESCRIBE_STRUCT(Named, (), (id))
//   struct Leaf : Named { Color color; };
//   BOOST_DESCRIBE_STRUCT(Leaf, (Named), (color))
//
// A struct has the members of its bases, in the order of the bases, then its own. A template is described
// inside itself, by BOOST_DESCRIBE_CLASS(Name, (bases), (members), (), ()).
#pragma once

#include <array>
#include <string_view>
#include <type_traits>
#include <utility>

#include <boost/describe/bases.hpp>
#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>
#include <boost/describe/enumerators.hpp>
#include <boost/describe/members.hpp>
#include <boost/mp11/algorithm.hpp>

namespace penstock {

template <class T>
concept Described = boost::describe::has_describe_members<T>::value;
template <class T>
concept DescribedEnum = boost::describe::has_describe_enumerators<T>::value;

namespace detail {

template <Described T>
struct MembersOf;
template <class Bases>
struct MembersOfBases;
template <template <class...> class List, class... Base>
struct MembersOfBases<List<Base...>> {
  using Type = boost::mp11::mp_append<List<>, typename MembersOf<typename Base::type>::Type...>;
};
// Not by describe_members with mod_inherited: it compares each name with each other one, at compile time.
template <Described T>
struct MembersOf {
  using Inherited =
      typename MembersOfBases<boost::describe::describe_bases<T, boost::describe::mod_public>>::Type;
  using Type =
      boost::mp11::mp_append<Inherited, boost::describe::describe_members<T, boost::describe::mod_public>>;
};

}  // namespace detail

// A list of types D with D::name and D::pointer, a pointer to member.
template <Described T>
using Members = typename detail::MembersOf<T>::Type;

template <class T, class Member>
using MemberType = std::remove_cvref_t<decltype(std::declval<const T&>().*Member::pointer)>;

// Calls `visit(member)` for each; the member of `row` is row.*member.pointer.
template <Described T, class Visit>
constexpr void for_each_member(Visit&& visit) {
  boost::mp11::mp_for_each<Members<T>>(std::forward<Visit>(visit));
}

namespace detail {

template <template <class...> class List, class... Known>
constexpr auto make_words(List<Known...>) {
  return std::array{std::pair{Known::value, std::string_view{Known::name}}...};
}
template <DescribedEnum E>
inline constexpr auto kWords = make_words(boost::describe::describe_enumerators<E>{});

}  // namespace detail

// The enumerators and their words, in order.
template <DescribedEnum E>
constexpr const auto& words_of(E) noexcept {
  return detail::kWords<E>;
}

template <DescribedEnum E>
constexpr std::string_view to_string(E value) noexcept {
  for (const auto& [known, word] : words_of(value))
    if (known == value) return word;
  return {};
}

// False: no such word.
template <DescribedEnum E>
constexpr bool from_string(std::string_view text, E& out) noexcept {
  for (const auto& [known, word] : words_of(out))
    if (word == text) {
      out = known;
      return true;
    }
  return false;
}

}  // namespace penstock
