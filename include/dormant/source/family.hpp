// SPDX-License-Identifier: MIT
// What a family of pretrained models says of itself, and what families share: the table of names.
#pragma once

#include "dormant/io/json_object.hpp"
#include "dormant/plan/sizes.hpp"
#include "dormant/source/stored_tensor.hpp"
#include "dormant/tensor_spec.hpp"

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace dormant {

/// Our name of a tensor and that in the files; `*` stands for the number of the layer.
struct stored_name {
  std::string_view ours, theirs;
};

/// Which biases a model has that are not zero.
struct used_biases {
  bool attention = false, mlp = false;
};

/// A family: how its `config.json` is read, where each tensor of ours is
/// stored, and what it is made of.
template <class F>
concept model_family = requires(F const family, json_object const& config, tensor_spec const& t,
                                sizes const& s, std::string_view name, used_biases biases) {
  typename F::template net<float>;
  { F::architecture } -> std::convertible_to<std::string_view>;
  { F::read(config) } -> std::same_as<F>;
  { F::of(s, biases) } -> std::same_as<F>;
  { family.s } -> std::convertible_to<sizes>;
  { family.stored(t, s) } -> std::same_as<std::optional<stored_rows>>;
  { F::is_buffer(name) } -> std::same_as<bool>;
  { family.write() } -> std::same_as<settings>;
};

namespace detail {

/// Whether `text` fits a pattern with one `*` for a number; the number in `digits`.
[[nodiscard]] inline bool fits(std::string_view text, std::string_view pattern,
                               std::string_view& digits) {
  auto const star = pattern.find('*');
  if (star == std::string_view::npos) return digits = {}, text == pattern;
  auto const before = pattern.substr(0, star), after = pattern.substr(star + 1);
  if (text.size() <= before.size() + after.size() || !text.starts_with(before) ||
      !text.ends_with(after)) {
    return false;
  }
  digits = text.substr(before.size(), text.size() - before.size() - after.size());
  return digits.find_first_not_of("0123456789") == std::string_view::npos;
}
/// `pattern` with digits in the place of its `*`.
[[nodiscard]] inline std::string filled(std::string_view pattern, std::string_view digits) {
  auto const star = pattern.find('*');
  if (star == std::string_view::npos) return std::string(pattern);
  return sentence({pattern.substr(0, star), digits, pattern.substr(star + 1)});
}

/// The stored name of one of our tensors.
/// \throws error if the family has no tensor that could be it
[[nodiscard]] inline std::string translated(std::span<stored_name const> table,
                                            std::string_view ours) {
  std::string_view digits;
  for (auto const& row : table) {
    if (fits(ours, row.ours, digits)) return filled(row.theirs, digits);
  }
  refuse({"this family of models has no place for the parameter '", ours, "'"});
}

/// Whether a name is one of a list of patterns.
[[nodiscard]] inline bool fits_any(std::string_view name,
                                   std::initializer_list<std::string_view> patterns) {
  std::string_view digits;
  for (auto const pattern : patterns) {
    if (fits(name, pattern, digits)) return true;
  }
  return false;
}

/// Which third of a matrix that holds q, k and v a tensor is.
[[nodiscard]] inline std::optional<std::size_t> third_of(tensor_spec const& t) {
  if (fits_any(t.name.view(), {"layers.*.attention.wq.weight", "layers.*.attention.wq.bias"})) {
    return 0;
  }
  if (fits_any(t.name.view(), {"layers.*.attention.wk.weight", "layers.*.attention.wk.bias"})) {
    return 1;
  }
  if (fits_any(t.name.view(), {"layers.*.attention.wv.weight", "layers.*.attention.wv.bias"})) {
    return 2;
  }
  return std::nullopt;
}

} // namespace detail
} // namespace dormant
