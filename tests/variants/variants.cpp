// SPDX-License-Identifier: MIT
// Lists of types, their product, and the type that goes by a name.
#include "dormant/variants.hpp"

#include "catch.hpp"

#include <concepts>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace {

using namespace dormant;

struct a {
  static constexpr std::string_view name = "a";
};
struct b {
  static constexpr std::string_view name = "b";
};
struct x {
  static constexpr std::string_view name = "x";
};
struct y {
  static constexpr std::string_view name = "y";
};

constexpr auto letters = variants<a, b>;
constexpr auto ends = variants<x, y>;
static_assert(std::same_as<as_tuple<letters>, std::tuple<a, b>>);

} // namespace

TEST_CASE("variants: every combination once, the last list fastest") {
  std::vector<std::string> met;
  for_each_variant(
      [&]<class First, class Second>() {
        met.push_back(std::string(First::name) + std::string(Second::name));
      },
      letters, ends);
  CHECK(met == std::vector<std::string>{"ax", "ay", "bx", "by"});
  met.clear();
  for_each_variant([&]<class One>() { met.emplace_back(One::name); }, letters);
  CHECK(met == std::vector<std::string>{"a", "b"});
  for_each_variant([&]<class One, class Two>() { met.clear(); }, letters, variants<>);
  CHECK(met.size() == 2);
}

TEST_CASE("variants: a type by its name, at run time") {
  std::string met;
  auto const keep = [&]<class One>() { met += One::name; };
  CHECK(with_variant(letters, "b", keep));
  CHECK(met == "b");
  CHECK_FALSE(with_variant(letters, "c", keep));
  CHECK_FALSE(with_variant(letters, "", keep));
  CHECK(met == "b");
}

TEMPLATE_LIST_TEST_CASE("variants: they can drive test cases", "", as_tuple<letters>) {
  CHECK((TestType::name == "a" || TestType::name == "b"));
}
