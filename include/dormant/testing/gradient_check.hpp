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
#include <limits>
#include <type_traits>
#include <vector>

namespace dormant::testing {

struct gradient_check_options {
  std::size_t samples = 0; ///< elements checked of each tensor, chosen by the seed; 0: all
  std::uint64_t seed = 0;
  double step = 1e-3;      ///< h; where the gradients disagree, a tenth of it is tried, thrice
  double tolerance = 1e-7; ///< relative to the gradient; rounding of the differences comes on top
};

namespace detail {

/// The derivative at x of f, which `at(value)` evaluates: whether it agrees with `got`, and what it
/// is at the step that comes closest. A ReLU may bend between x - 2h and x + 2h, so that no
/// difference is right there; smaller steps leave the bend outside, but round more coarsely.
struct difference {
  double expected = 0;
  bool agrees = false;
};
template <class F>
[[nodiscard]] difference compare_derivative(double x, double got, gradient_check_options const& how,
                                            F at) {
  difference best;
  double least = std::numeric_limits<double>::infinity();
  double h = how.step;
  for (int attempt = 0; attempt < 4; ++attempt, h /= 10) {
    double const f[] = {at(x + h), at(x - h), at(x + 2 * h), at(x - 2 * h)};
    double const expected = (8 * (f[0] - f[1]) - (f[2] - f[3])) / (12 * h);
    double const size = std::max({std::abs(f[0]), std::abs(f[1]), std::abs(f[2]), std::abs(f[3])});
    double const rounding = 100 * std::numeric_limits<double>::epsilon() * std::max(size, 1.0) / h;
    double const off = std::abs(expected - got);
    if (off < least || attempt == 0) best.expected = expected;
    least = std::min(least, off);
    if (off <= how.tolerance * std::max(std::abs(expected), std::abs(got)) + rounding) {
      return {expected, true};
    }
  }
  return best;
}

/// `samples` different numbers below `size`, or all of them.
[[nodiscard]] inline std::vector<std::size_t> choose(std::size_t size, std::size_t samples,
                                                     random_stream draw) {
  std::vector<std::size_t> all(size);
  for (std::size_t i = 0; i < size; ++i) all[i] = i;
  if (samples == 0 || samples >= size) return all;
  for (std::size_t i = 0; i < samples; ++i) std::swap(all[i], all[i + draw.below(size - i)]);
  all.resize(samples);
  return all;
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
  dormant::detail::check_batch<model>(rows);
  (dormant::detail::tell_structure(interventions, model{}), ...);

  dormant::detail::batch_pass<model> pass({.threads = 1, .shards = 1}, true);
  arena<double> parameters(net.parameters().size());
  std::copy_n(net.parameters().data(), parameters.size(), parameters.data());
  double const loss = pass.differentiate(parameters.data(), rows, interventions...);
  arena<double> const gradient = pass.gradient();

  verdict found;
  found.expect(std::isfinite(loss), "the loss is ", loss);
  for (std::size_t i = 0; i < layout<model>::tensors.size(); ++i) {
    auto const& t = layout<model>::tensors[i];
    if (!t.trained) continue;
    random_stream const draw(how.seed, stream::user, 0, i);
    for (auto const n : detail::choose(t.size(), how.samples, draw)) {
      double& p = parameters.data()[t.offset + n];
      double const before = p;
      double const got = gradient.data()[t.offset + n];
      auto const at = detail::compare_derivative(before, got, how, [&](double value) {
        p = value;
        return pass.evaluate(parameters.data(), rows, interventions...);
      });
      p = before;
      found.expect(at.agrees, "gradient of ", tensor_name(t), "[", n / t.cols, ", ", n % t.cols,
                   "]: expected ", at.expected, " (central difference), got ", got);
    }
  }
  return found;
}

} // namespace dormant::testing
