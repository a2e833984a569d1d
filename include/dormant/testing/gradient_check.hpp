// SPDX-License-Identifier: MIT
// Gradients against central differences of fourth order,
// f'(x) = (8 (f(x + h) - f(x - h)) - (f(x + 2h) - f(x - 2h))) / 12h + O(h^4), in double.
#pragma once

#include "dormant/evaluate.hpp"
#include "dormant/random.hpp"
#include "dormant/testing/verdict.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <numeric>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace dormant::testing {

struct gradient_check_options {
  std::size_t samples = 0; ///< elements checked of each tensor, chosen by the seed; 0: all
  std::uint64_t seed = 0;
  double step = 1e-3;      ///< h; where the gradients disagree, a tenth of it is tried, thrice
  double tolerance = 1e-7; ///< relative to the gradient; rounding of the differences comes on top
};

namespace detail {

/// Whether a derivative agrees with `got`, and what it is.
struct difference {
  double expected = 0;
  bool agrees = false;
};
/// The derivative of `f` at x. A ReLU may bend between x - 2h and x + 2h, so that no difference is
/// right there: smaller steps leave the bend outside, but round more coarsely.
[[nodiscard]] inline difference compare_derivative(double x, double got,
                                                   gradient_check_options const& how,
                                                   std::function<double(double)> const& f) {
  double nearest = 0, least = std::numeric_limits<double>::infinity(), h = how.step;
  for (int attempt = 0; attempt < 4; ++attempt, h /= 10) {
    double const v[] = {f(x + h), f(x - h), f(x + 2 * h), f(x - 2 * h)};
    double const expected = (8 * (v[0] - v[1]) - (v[2] - v[3])) / (12 * h);
    double const size = std::max({1.0, std::abs(v[0]), std::abs(v[1])});
    double const rounding = 100 * std::numeric_limits<double>::epsilon() * size / h;
    double const off = std::abs(expected - got);
    if (off <= how.tolerance * std::max(std::abs(expected), std::abs(got)) + rounding) {
      return {expected, true};
    }
    if (attempt == 0 || off < least) nearest = expected;
    least = std::min(least, off);
  }
  return {nearest, false};
}

/// `samples` different numbers below `size`, or all of them.
[[nodiscard]] inline std::vector<std::size_t> choose(std::size_t size, std::size_t samples,
                                                     random_stream draw) {
  std::vector<std::size_t> all(size);
  std::iota(all.begin(), all.end(), std::size_t{0});
  if (samples == 0 || samples >= size) return all;
  for (std::size_t i = 0; i < samples; ++i) std::swap(all[i], all[i + draw.below(size - i)]);
  all.resize(samples);
  return all;
}

/// \param parameters moved while checking, and put back
/// \param loss at the parameters as they are
[[nodiscard]] inline verdict check_tensors(std::span<tensor_spec const> tensors,
                                           std::span<double> parameters,
                                           std::span<double const> gradient,
                                           gradient_check_options const& how,
                                           std::function<double()> const& loss) {
  verdict found;
  double const at_start = loss();
  found.expect(std::isfinite(at_start), "the loss is ", at_start);
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    auto const& t = tensors[i];
    if (!t.trained) continue;
    for (auto const n : choose(t.size(), how.samples, {how.seed, stream::user, 0, i})) {
      double& p = parameters[t.offset + n];
      double const before = p, got = gradient[t.offset + n];
      auto const at = compare_derivative(before, got, how, [&](double value) {
        p = value;
        return loss();
      });
      p = before;
      found.expect(at.agrees, "gradient of ", tensor_name(t), "[", n / t.cols, ", ", n % t.cols,
                   "]: expected ", at.expected, " (central difference), got ", got);
    }
  }
  return found;
}

} // namespace detail

/// Checks the gradient of a model's loss on a batch: of every trained parameter, through whatever
/// rule, structure and interventions the model is run with.
/// \returns lines such as `gradient of layers.0.attention.wq.weight[3, 7]: expected 0.25 (central
///   difference), got 0.5`
/// \throws error as `evaluate` does
template <shape Shape, class... Parts, class... Interventions>
verdict check_gradients(transformer<Shape, Parts...> const& net, batch const& rows,
                        gradient_check_options const& how = {},
                        Interventions const&... interventions) {
  using model = structure<Shape, Parts...>;
  static_assert(std::is_same_v<typename model::scalar, double>,
                "dormant::testing::check_gradients: differences need double precision; add "
                "`double` to the parts of the model");
  static_assert((dormant::detail::check_hook<model, true, Interventions>() && ...));
  dormant::detail::check_whole(net.parameters().size());
  dormant::detail::check_batch(rows, net.placed().s, model::registers);
  (dormant::detail::tell_structure(interventions, net.placed()), ...);

  dormant::detail::batch_pass<model> pass({.threads = 1, .shards = 1}, true, net.placed());
  arena<double> moving(net.parameters().size());
  std::copy_n(net.parameters().data(), moving.size(), moving.data());
  pass.differentiate(moving.data(), rows, interventions...);
  return detail::check_tensors(net.tensors(), moving.span(), pass.gradient().span(), how, [&] {
    return pass.evaluate(moving.data(), rows, interventions...);
  });
}

} // namespace dormant::testing
