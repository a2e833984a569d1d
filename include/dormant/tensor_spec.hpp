// SPDX-License-Identifier: MIT
// One parameter tensor as checkpoints, optimizers and initial values want to know it.
#pragma once

#include "dormant/error.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace dormant {

/// What a parameter tensor belongs to, for learning rates and for freezing.
enum class group : std::uint8_t { embeddings, attention, mlp, norms, output };

/// What a tensor holds before training: N(0, 1), or U(-1, 1) / sqrt(fan
/// in), as in the published code.
enum class initial_value : std::uint8_t { zero, one, normal, uniform };

namespace detail {
/// A name that exists at compile time too.
class short_text {
public:
  constexpr short_text() = default;
  /// \throws error if the name grows longer than 95 characters
  constexpr void add(std::string_view more) {
    if (size_ + more.size() >= chars_.size()) refuse({"the name of a tensor is too long: ", more});
    for (char const c : more) chars_[size_++] = c;
  }
  [[nodiscard]] constexpr std::string_view view() const { return {chars_.data(), size_}; }

private:
  std::array<char, 96> chars_{};
  std::size_t size_ = 0;
};
} // namespace detail

/// One parameter tensor. Matrices are [out, in], as in the authors'
/// state dict; vectors have one row.
struct tensor_spec {
  detail::short_text name; ///< in the state dict, e.g. `layers.0.attention.wq.weight`
  std::size_t scope = 0;   ///< characters of the name that are the part's, not the tensor's
  std::string_view former; ///< what earlier versions wrote after the scope, if something else
  std::size_t layer = 0;
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::size_t offset = 0; ///< of its first element in the arena
  dormant::group group{};
  initial_value initial{};
  bool trained = true;
  bool vector = false; ///< one-dimensional in the state dict

  [[nodiscard]] constexpr std::size_t size() const { return rows * cols; }
};

/// The name in the authors' state dict, e.g. `layers.0.attention.wq.weight`.
[[nodiscard]] inline std::string tensor_name(tensor_spec const& t) {
  return std::string(t.name.view());
}

/// The name that earlier versions gave the tensor in their files; that of today if it is the same.
[[nodiscard]] inline std::string former_tensor_name(tensor_spec const& t) {
  if (t.former.empty()) return tensor_name(t);
  return std::string(t.name.view().substr(0, t.scope)).append(t.former);
}

/// \throws error if there is no such tensor
[[nodiscard]] inline tensor_spec const& find_tensor(std::span<tensor_spec const> tensors,
                                                    std::string_view name) {
  for (auto const& t : tensors) {
    if (t.name.view() == name) return t;
  }
  refuse({"this model has no parameter named '", name, "'"});
}

} // namespace dormant
