// SPDX-License-Identifier: MIT
// The model as its users hold it: parameters with the authors' names, and three verbs: evaluate,
// differentiate, and (in train.hpp) train.
#pragma once

#include "dormant/error.hpp"
#include "dormant/model/structure.hpp"
#include "dormant/pass/batch_pass.hpp"
#include "dormant/plan/placement.hpp"
#include "dormant/random.hpp"
#include "dormant/tensor.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace dormant {

struct transformer_options {
  std::uint64_t seed = 0; ///< of the initial parameters
};

/// What one pass over a batch found. Risks are cross-entropies against the exact next-token law
/// (arXiv 2410.13835, section 2), NaN where the batch carries no law or has no such position.
struct evaluation {
  double loss = 0;          ///< mean cross-entropy with the sampled targets, nats
  double bigram_risk = 0;   ///< mean over positions that hold no trigger, nats
  double backcopy_risk = 0; ///< mean over positions that hold a trigger, nats
};

namespace detail {
inline void check_whole(std::size_t parameters) {
  if (parameters == 0) {
    refuse(
        {"the model is empty, because it was moved from; use the one it was moved to, or assign a "
         "new one"});
  }
}

/// What a model knows of its sizes: nothing beside its type, or the plan that was made of them.
template <class Model, bool Fixed = Model::fixed>
class own_sizes {
public:
  static constexpr dormant::shape shape = Model::shape;
  /// Sizes, tensors and parts, to be read.
  [[nodiscard]] static constexpr placement<Model> placed() { return {}; }
  /// Where a tensor lies.
  /// \throws error if this structure has no such tensor
  [[nodiscard]] static tensor_spec const& find(std::string_view name) {
    return find_tensor(placed().tensors(), name);
  }
};
template <class Model>
class own_sizes<Model, false> {
public:
  dormant::shape shape;
  [[nodiscard]] placement<Model> placed() const { return placement<Model>(*layout_); }
  [[nodiscard]] tensor_spec const& find(std::string_view name) const {
    return find_tensor(placed().tensors(), name);
  }

protected:
  explicit own_sizes(sizes const& given)
      : shape(given.as_shape()),
        layout_(std::make_shared<layout_in_memory<Model> const>(checked(given))) {}

private:
  static sizes const& checked(sizes const& s) {
    check_sizes(s);
    if (Model::stacked && s.layers != Model::named_layers) {
      refuse({"the stack names ", Model::named_layers, " blocks, but the sizes have ", s.layers,
              " layers"});
    }
    return s;
  }
  std::shared_ptr<layout_in_memory<Model> const> layout_; // copies of a model share it
};
} // namespace detail

/// Parameters and structure of a transformer: `transformer<Shape, softmax>`, `transformer<Shape,
/// relu, post_norm, double>`, `transformer<Shape, stack<mlp_block<>, block<softmax>,
/// mlp_block<linear>>>`. With the shape `at_run_time` the sizes are an argument of the constructor,
/// and everything else is as with sizes that are part of the type: the same parts, kernels and
/// hooks. One that was moved from has no parameters, and every use says so.
template <shape Shape, class... Parts>
class transformer : public detail::own_sizes<structure<Shape, Parts...>> {
  using own = detail::own_sizes<structure<Shape, Parts...>>;

public:
  using model = structure<Shape, Parts...>;
  using scalar = typename model::scalar;
  using arch = typename model::arch;
  using plan = layout<model>;

  /// Draws initial parameters: embeddings N(0, 1), matrices U(-1, 1) / sqrt(fan in), norms at the
  /// identity, learned scalars of attention rules 0 (arXiv 2410.13835, published code).
  explicit transformer(transformer_options const& options = {}) requires(model::fixed)
      : parameters_(plan::size) {
    initialise(options.seed);
  }
  /// The same for sizes of which the type knows nothing; a `shape` will do.
  /// \throws error for sizes that no model can have, or another number
  ///   of layers than the stack names
  explicit transformer(sizes const& given,
                       transformer_options const& options = {}) requires(!model::fixed)
      : own(given), parameters_(own::placed().total().parameters) {
    initialise(options.seed);
  }

  /// The flat arena of all parameters; `tensors()` says what lies where. Empty if the model was
  /// moved from.
  [[nodiscard]] std::span<scalar> parameters() { return parameters_.span(); }
  [[nodiscard]] std::span<scalar const> parameters() const { return parameters_.span(); }

  /// One tensor by its name in the state dict, [out, in]; vectors have one row.
  /// \throws error if this structure has no such tensor
  [[nodiscard]] view<scalar, 2> parameter(std::string_view name) {
    detail::check_whole(parameters_.size());
    auto const& t = own::find(name);
    return make_matrix_view(parameters_.data() + t.offset, t.rows, t.cols, t.cols);
  }
  [[nodiscard]] view<scalar const, 2> parameter(std::string_view name) const {
    detail::check_whole(parameters_.size());
    auto const& t = own::find(name);
    return make_matrix_view(parameters_.data() + t.offset, t.rows, t.cols, t.cols);
  }

  /// One forward pass over a batch on all cores, shown to the hooks; defined in evaluate.hpp.
  /// \throws error for tokens outside the vocabulary or sequences longer than the context
  template <class... Hooks>
  evaluation evaluate(batch const& rows, Hooks&&... hooks) const;

  /// All parameter tensors, in the order of the arena.
  [[nodiscard]] std::span<tensor_spec const> tensors() const { return own::placed().tensors(); }

private:
  void initialise(std::uint64_t seed) {
    (detail::tell_that_made<Parts, arch>(), ...);
    for (std::size_t i = 0; i < tensors().size(); ++i) {
      fill(tensors()[i], random_stream(seed, stream::parameters, 0, i));
    }
  }
  void fill(tensor_spec const& t, random_stream draw) {
    auto const values = parameters_.span().subspan(t.offset, t.size());
    switch (t.initial) {
    case initial_value::zero: return; // as the arena is
    case initial_value::one: std::fill(values.begin(), values.end(), scalar{1}); return;
    case initial_value::normal:
      for (auto& p : values) p = static_cast<scalar>(draw.normal());
      return;
    case initial_value::uniform: {
      double const bound = 1 / std::sqrt(static_cast<double>(t.cols));
      for (auto& p : values) p = static_cast<scalar>(bound * (2 * draw.uniform() - 1));
    }
    }
  }

  arena<scalar> parameters_;
};

} // namespace dormant
