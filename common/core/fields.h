// One description of a struct's members, from which its SQL columns and its JSON both follow.
//
//   template <> struct penstock::Fields<Payout> {
//     static constexpr auto list = std::make_tuple(field("id", &Payout::id), field("amount",
//     &Payout::amount));
//   };
#pragma once

#include <string_view>
#include <tuple>
#include <utility>

namespace penstock {

template <class T, class Member>
struct Field {
  using Type = Member;
  std::string_view name;
  Member T::*member;
};

template <class T, class Member>
constexpr Field<T, Member> field(std::string_view name, Member T::*member) {
  return {name, member};
}

template <class T>
struct Fields;  // specialised beside each described struct

template <class T>
concept Described = requires {
  Fields<T>::list;
};

template <class T, class Visit>
constexpr void for_each_field(Visit&& visit) {
  std::apply([&](const auto&... each) { (visit(each), ...); }, Fields<T>::list);
}

}  // namespace penstock
