// SPDX-License-Identifier: MIT
// Optimizers whose memory depends on the tensors, and is of a size of its own: they train, are
// saved and go on bit by bit, also within the wrappers.
#include "dormant/checkpoint.hpp"
#include "dormant/dormant.hpp"
#include "dormant/testing/optimizer_laws.hpp"

#include "catch.hpp"
#include "error_of.hpp"
#include "io/scratch.hpp"

#include <cmath>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace dormant;

/// Descent in the direction of the gradient, divided by the sum of the norms so far: one number a
/// tensor.
struct counts_norms {
  static constexpr std::string_view name = "counts_norms";
  static constexpr bool decoupled_decay = true;
  double lr = 1e-2;
  double weight_decay = 0;

  template <class T>
  struct state {
    state(counts_norms const&, std::span<tensor_spec const> tensors, std::size_t)
        : sums(tensors.size()) {
      for (auto const& t : tensors) offsets.push_back(t.offset);
    }
    void each(auto) {}
    void each_flat(auto f) { f("sums", sums); }
    std::vector<std::size_t> offsets;
    arena<T> sums;
  };

  template <class Arch, class T>
  void step(state<T>& s, parameter_segment<T> p, std::uint64_t) const {
    std::size_t i = 0;
    while (s.offsets[i] != p.offset) ++i;
    double square = 1e-12;
    for (T const g : p.gradients) square += static_cast<double>(g) * static_cast<double>(g);
    s.sums.data()[i] += static_cast<T>(std::sqrt(square));
    double const rate = lr * p.rate_scale / static_cast<double>(s.sums.data()[i]);
    for (std::size_t j = 0; j < p.parameters.size(); ++j)
      p.parameters[j] -= static_cast<T>(rate) * p.gradients[j];
  }
};
static_assert(optimizer<counts_norms> && optimizer<exact_decay<counts_norms>>);
static_assert(!std::constructible_from<exact_decay<counts_norms>::state<float>, std::size_t>);

constexpr shape small{.layers = 2, .heads = 2, .width = 20, .vocab = 67, .context = 13};
using net_type = transformer<small, softmax>;
using task_type = bigram_backcopy<small>;

template <class Optimizer>
void check_resume(Optimizer const& how) {
  scratch::folder const folder;
  auto const path = folder / "resume.safetensors";
  task_type const task({.seed = 3});
  schedule const plan{.steps = 6, .batch = 4, .threads = 2};
  net_type whole({.seed = 1}), second({.seed = 2});
  trainer run(whole, task, how, plan);
  for (int s = 0; s < 3; ++s) run.step();
  save_run<net_type>(path, run.state(), {});
  trainer other(second, task, how, plan);
  load_run(path, other, {});
  for (int s = 0; s < 3; ++s) {
    run.step();
    other.step();
  }
  CHECK(std::memcmp(whole.parameters().data(), second.parameters().data(),
                    whole.parameters().size_bytes()) == 0);

  // Another structure has memory of another size.
  transformer<small, softmax, no_mlp> less({.seed = 1});
  trainer shorter(less, task, how, plan);
  CHECK_FALSE(error_of([&] { load_run(path, shorter, {}); }).empty());
  trainer plain(second, task, sgd{}, plan);
  CHECK_FALSE(error_of([&] { load_run(path, plain, {}); }).empty());
}

} // namespace

TEST_CASE("checkpoint: memory of a size of its own comes back bit by bit") {
  check_resume(counts_norms{});
  check_resume(exact_decay{counts_norms{.weight_decay = 1e-3}});
  check_resume(frozen{clipped{counts_norms{}, {}}, {.group = group::attention, .from = 2}});
}

TEST_CASE("checkpoint: the file names it, beside the tensors") {
  scratch::folder const folder;
  auto const path = folder / "resume.safetensors";
  task_type const task({.seed = 3});
  net_type net({.seed = 1});
  trainer run(net, task, counts_norms{}, schedule{.steps = 2, .batch = 4});
  run.step();
  save_run<net_type>(path, run.state(), {});
  auto const file = safetensors_file::open(path);
  auto const shape = file.tensor("optimizer.sums").shape;
  CHECK(std::vector<std::size_t>(shape.begin(), shape.end()) == std::vector{net.tensors().size()});
}

TEST_CASE("laws: an optimizer that must know the tensors keeps them") {
  CHECK(testing::optimizer_laws(counts_norms{}));
  CHECK(testing::optimizer_laws(exact_decay{counts_norms{.weight_decay = 0.1}}));
}
