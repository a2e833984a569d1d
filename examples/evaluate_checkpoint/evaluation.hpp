// SPDX-License-Identifier: MIT
// What evaluate_checkpoint computes, free of the types of models: arrays with names.
#pragma once

#include "dormant/io/safetensors.hpp"
#include "dormant/shape.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace evaluation {

/// Which model a checkpoint holds.
struct description {
  std::string shape;     ///< see program::shape_names
  std::string layers;    ///< see program::layers_names
  std::string attention; ///< see program::attention_names
};

/// Rows of tokens, and which of them the model reads.
struct tokens {
  std::size_t rows = 0;                 ///< B
  std::size_t columns = 0;              ///< of the file
  std::size_t inputs = 0;               ///< T: `columns`, or one fewer if the last is a target only
  std::vector<dormant::token> values{}; ///< [B, columns]
};

template <class T>
struct array {
  std::string name{};
  std::vector<std::size_t> shape{};
  std::vector<T> values{};
};

template <class T>
struct results {
  double loss = 0;                   ///< over all positions whose next token is known, nats
  std::vector<array<T>> sites{};     ///< [B, ...], each of those asked for, layer by layer
  std::vector<array<T>> gradients{}; ///< of the loss, by the names of the state dict
};

/// Reads the parameters and runs the model; compiled for float and double in files of their own.
/// \param with_gradients whether they are wanted; without them, one that is not finite is no error
/// \throws dormant::error for tensors that are missing, left over, of another shape or type, or
///   hold a value that is not finite, and where the model makes one
template <class T>
[[nodiscard]] results<T> evaluate(description const& model, dormant::safetensors_file const& file,
                                  tokens const& read, std::vector<std::string> const& sites,
                                  bool with_gradients);

/// The names of all sites of the forward pass.
[[nodiscard]] std::vector<std::string> site_names();

} // namespace evaluation
