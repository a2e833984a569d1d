// SPDX-License-Identifier: MIT
// The model as its users hold it: parameters with the authors' names, and three verbs: evaluate,
// differentiate, and (in train.hpp) train.
#pragma once

#include "dormant/error.hpp"
#include "dormant/model/batch_pass.hpp"
#include "dormant/model/layout.hpp"
#include "dormant/model/structure.hpp"
#include "dormant/random.hpp"
#include "dormant/tensor.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
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
} // namespace detail

/// Parameters and structure of a transformer: `transformer<Shape, softmax>`, `transformer<Shape, relu,
/// post_norm, double>`, `transformer<Shape, stack<mlp_block<>, block<softmax>, mlp_block<linear>>>`.
/// One that was moved from has no parameters, and every use says so.
template <shape Shape, class... Parts>
class transformer {
public:
  using model = structure<Shape, Parts...>;
  using scalar = typename model::scalar;
  using arch = typename model::arch;
  using plan = layout<model>;
  static constexpr dormant::shape shape = Shape;

  /// Draws initial parameters: embeddings N(0, 1), matrices U(-1, 1) / sqrt(fan in), norms at the
  /// identity, learned scalars of attention rules 0 (arXiv 2410.13835, published code).
  explicit transformer(transformer_options const& options = {}) : parameters_(plan::size) {
    for (std::size_t i = 0; i < plan::tensors.size(); ++i) {
      initialise(plan::tensors[i], random_stream(options.seed, stream::parameters, 0, i));
    }
  }

  /// The flat arena of all parameters; `plan::tensors` says what lies where. Empty if the model was
  /// moved from.
  [[nodiscard]] std::span<scalar> parameters() { return parameters_.span(); }
  [[nodiscard]] std::span<scalar const> parameters() const { return parameters_.span(); }

  /// One tensor by its name in the state dict, [out, in]; vectors have one row.
  /// \throws error if this structure has no such tensor
  [[nodiscard]] view<scalar, 2> parameter(std::string_view name) {
    detail::check_whole(parameters_.size());
    auto const& t = find(name);
    return make_matrix_view(parameters_.data() + t.offset, t.rows, t.cols, t.cols);
  }
  [[nodiscard]] view<scalar const, 2> parameter(std::string_view name) const {
    detail::check_whole(parameters_.size());
    auto const& t = find(name);
    return make_matrix_view(parameters_.data() + t.offset, t.rows, t.cols, t.cols);
  }

  /// One forward pass over a batch on all cores, shown to the hooks; defined in evaluate.hpp.
  /// \throws error for tokens outside the vocabulary or sequences longer than the context
  template <class... Hooks>
  evaluation evaluate(batch const& rows, Hooks&&... hooks) const;

  static tensor_spec const& find(std::string_view name) {
    for (auto const& t : plan::tensors) {
      if (tensor_name(t) == name) return t;
    }
    refuse({"this model has no parameter named '", name, "'"});
  }

private:
  void initialise(tensor_spec const& t, random_stream draw) {
    auto const values = parameters_.span().subspan(t.offset, t.size());
    switch (t.what) {
    case role::token_embedding:
    case role::position_embedding:
      for (auto& p : values) p = static_cast<scalar>(draw.normal());
      return;
    case role::attention_norm_weight:
    case role::mlp_norm_weight:
    case role::final_norm_weight: std::fill(values.begin(), values.end(), scalar{1}); return;
    case role::attention_norm_bias:
    case role::mlp_norm_bias:
    case role::final_norm_bias:
    case role::head_scalars: return; // zero, as the arena is
    default: {
      double const bound = 1 / std::sqrt(static_cast<double>(t.cols));
      for (auto& p : values) p = static_cast<scalar>(bound * (2 * draw.uniform() - 1));
    }
    }
  }

  arena<scalar> parameters_;
};

} // namespace dormant
