// SPDX-License-Identifier: MIT
// Lists of variants and their product, to run one experiment over many types.
// The only room that knows Boost.Hana.
#pragma once

#include <boost/hana/cartesian_product.hpp>
#include <boost/hana/for_each.hpp>
#include <boost/hana/tuple.hpp>
#include <boost/hana/type.hpp>
#include <boost/hana/unpack.hpp>

#include <string_view>
#include <tuple>
#include <utility>

namespace dormant {

/// Types to choose from: `constexpr auto rules = variants<softmax, relu>;`
template <class... Types>
inline constexpr auto variants = boost::hana::tuple_t<Types...>;

/// Calls `f.template operator()<A, B, ...>()` for every combination of one type from each list, the
/// last list varying fastest.
template <class F, class... Lists>
void for_each_variant(F&& f, Lists const&... lists) {
  boost::hana::for_each(boost::hana::cartesian_product(boost::hana::make_tuple(lists...)),
                        [&](auto combination) {
                          boost::hana::unpack(combination, [&](auto... choice) {
                            f.template operator()<typename decltype(choice)::type...>();
                          });
                        });
}

/// The list as a `std::tuple`, for `TEMPLATE_LIST_TEST_CASE`.
template <auto const& List>
using as_tuple =
    typename decltype(boost::hana::unpack(List, boost::hana::template_<std::tuple>))::type;

/// Calls `f.template operator()<Type>()` for the type in the list whose `name` is the given one.
/// \returns whether there was one
template <class List, class F>
bool with_variant(List const& list, std::string_view name, F&& f) {
  bool found = false;
  boost::hana::for_each(list, [&](auto choice) {
    using type = typename decltype(choice)::type;
    if (!found && type::name == name) {
      found = true;
      f.template operator()<type>();
    }
  });
  return found;
}

} // namespace dormant
