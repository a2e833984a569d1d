// SPDX-License-Identifier: MIT
// What Python sees of a model whose type it does not know: classes with virtual functions, which a
// library made for that type implements. So pybind11 is compiled once and not with every model.
#pragma once

#include "dormant/concepts.hpp"
#include "dormant/evaluate.hpp"
#include "dormant/probe/row.hpp"
#include "dormant/task/bigram_backcopy.hpp"
#include "dormant/trainer.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dormant::python {

/// A name and what is said beside it: `adamw`, `lr` 3e-3.
struct named_values {
  std::string name;
  std::vector<std::pair<std::string, double>> values;
};

/// Where the rows of a task come from.
struct row_source {
  virtual ~row_source() = default;
  virtual void sample_row(stream which, std::uint64_t step, std::uint64_t row,
                          std::span<token> tokens, std::span<next_token_law> laws) const = 0;
  [[nodiscard]] virtual batch draw(std::size_t rows, std::uint64_t draw) const = 0;
  [[nodiscard]] virtual std::shared_ptr<law_table const> table() const = 0;
};

/// A task as the library's concept has it, so that it goes with any model.
struct any_task {
  std::size_t context = 0; ///< T
  std::unique_ptr<row_source const> source;

  void sample_row(stream which, std::uint64_t step, std::uint64_t row, std::span<token> tokens,
                  std::span<next_token_law> laws) const {
    source->sample_row(which, step, row, tokens, laws);
  }
  [[nodiscard]] batch draw(std::size_t rows, std::uint64_t draw) const {
    return source->draw(rows, draw);
  }
  [[nodiscard]] batch sample(std::size_t rows) const { return draw(rows, 0); }
  [[nodiscard]] std::shared_ptr<law_table const> table() const { return source->table(); }
};
static_assert(task<any_task>);

struct trainer_door {
  virtual ~trainer_door() = default;
  virtual double step() = 0;
  [[nodiscard]] virtual std::uint64_t steps() const = 0;
};

struct net_door {
  virtual ~net_door() = default;
  [[nodiscard]] virtual std::span<tensor_spec const> tensors() const = 0;
  /// The flat arena of all parameters, of the model's scalar.
  [[nodiscard]] virtual void* parameters() = 0;
  /// The transformer itself, for a library of hooks that was made for the same type.
  [[nodiscard]] virtual void const* transformer() const = 0;
  /// \param logits [B, T, V] of the model's scalar to be filled, or null
  [[nodiscard]] virtual evaluation evaluate(batch const& rows, execution how,
                                            void* logits) const = 0;
  /// What the probes attention_sink, value_drain, residual_peak and risk report.
  [[nodiscard]] virtual probe_row measure(batch const& rows, execution how) const = 0;
  /// Refers to this model and to the task, which have to live as long.
  [[nodiscard]] virtual std::unique_ptr<trainer_door>
  trainer(any_task const& task, named_values const& optimizer, schedule const& plan) = 0;
};

/// What the library of a model's type has.
struct model_door {
  dormant::shape shape;
  std::size_t bytes = 0; ///< of its scalar, 4 or 8

  virtual ~model_door() = default;
  [[nodiscard]] virtual std::unique_ptr<net_door> net(std::uint64_t seed) const = 0;
  [[nodiscard]] virtual any_task bigram_backcopy(bigram_backcopy_options const& options) const = 0;
};

/// A site of the model, and whether it can be edited.
struct known_site {
  std::string_view name;
  bool editable = false;
};

/// A tensor of a site at the moment it is shown.
struct shown {
  std::size_t site = 0; ///< its number in `hooks_door::sites`
  std::size_t layer = 0;
  std::size_t row = 0; ///< of the batch
  void* data = nullptr;
  std::span<std::size_t const> extents;
  std::span<std::ptrdiff_t const> strides; ///< in elements
};

/// Who listens, whatever it is.
struct listener {
  virtual ~listener() = default;
  [[nodiscard]] virtual bool hears(std::size_t site) const = 0;
  virtual void hear(shown const& what) = 0;
};

/// What the library of hooks for a model's type has, made when the first hook is used.
struct hooks_door {
  virtual ~hooks_door() = default;
  [[nodiscard]] virtual std::span<known_site const> sites() const = 0;
  /// On the calling thread alone, sequence by sequence in the order of the batch.
  virtual evaluation evaluate(void const* transformer, batch const& rows, listener& who) const = 0;
};

} // namespace dormant::python
