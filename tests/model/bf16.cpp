// SPDX-License-Identifier: MIT
// A model whose products take bfloat16 operands: the same mathematics with coarser rounding.
#include "dormant/fast/bf16.hpp"
#include "dormant/optimizer/adamw.hpp"
#include "dormant/task/bigram_backcopy.hpp"
#include "dormant/train.hpp"

#include "catch.hpp"
#include "models.hpp"

#include <cmath>
#include <cstddef>

namespace {

using namespace dormant;

// One rounding to eight bits errs by 2^-9 at most; two layers of products, and scores that a
// softmax exponentiates, add up to tens of those. A wrong gradient errs by about 1.
constexpr double tolerance = 0.1;

template <class Exact, class Short>
void compare(batch const& rows) {
  auto const exact = differentiate(models::shaken<Exact>(), rows, {});
  auto const coarse = differentiate(models::shaken<Short>(), rows, {});
  CHECK(coarse.loss == Approx(exact.loss).epsilon(tolerance));
  CHECK(coarse.loss != exact.loss);
  auto const a = exact.values.span();
  auto const b = coarse.values.span();
  for (auto const& t : Exact::plan::tensors) {
    double error = 0;
    double size = 0;
    for (std::size_t i = t.offset; i < t.offset + t.size(); ++i) {
      error += std::pow(static_cast<double>(a[i]) - static_cast<double>(b[i]), 2);
      size += std::pow(static_cast<double>(a[i]), 2);
    }
    INFO(tensor_name(t) << ": relative error " << std::sqrt(error / size));
    CHECK(error <= tolerance * tolerance * size);
  }
}

} // namespace

TEST_CASE("bf16: gradients are those of the float model up to the rounding of operands") {
  auto const rows = models::random_tokens(6, 13, 11);
  compare<transformer<models::odd(2, 4), softmax>, transformer<models::odd(2, 4), softmax, bf16>>(
      rows);
  compare<transformer<models::odd(1), softmax, tied_output>,
          transformer<models::odd(1), softmax, tied_output, bf16>>(rows);
}

TEST_CASE("bf16: the bits do not depend on the number of threads") {
  static constexpr shape s{.layers = 1, .heads = 1, .width = 20, .vocab = 67, .context = 13};
  auto const after = [](std::size_t threads) {
    transformer<s, softmax, bf16> net({.seed = 1});
    train(net, bigram_backcopy<s>({.seed = 1}), adamw{},
          {.steps = 5, .batch = 9, .threads = threads});
    auto const p = net.parameters();
    return std::vector<float>(p.begin(), p.end());
  };
  auto const alone = after(1);
  CHECK(after(2) == alone);
  CHECK(after(3) == alone);
}
