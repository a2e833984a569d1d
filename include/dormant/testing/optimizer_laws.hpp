// SPDX-License-Identifier: MIT
// The laws of an optimizer: it follows the gradient, rests without one, and forgets nothing that
// its state does not keep.
#pragma once

#include "dormant/concepts.hpp"
#include "dormant/optimizer/wrapped.hpp"
#include "dormant/random.hpp"
#include "dormant/tensor.hpp"
#include "dormant/tensor_spec.hpp"
#include "dormant/testing/verdict.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace dormant::testing {

namespace detail {

/// Parameters under an optimizer, with gradients that depend on nothing but the step.
template <class Optimizer, class T, class Arch>
struct optimizer_bench {
  static constexpr std::size_t rows = 5, cols = 13, size = rows * cols;
  static constexpr tensor_spec tensor = [] {
    tensor_spec t;
    t.name.add("layers.0.ff.w1.weight");
    t.rows = rows;
    t.cols = cols;
    t.group = group::mlp;
    return t;
  }();

  Optimizer hyper;
  arena<T> parameters{size};
  typename Optimizer::template state<T> state;
  std::uint64_t steps = 0;

  explicit optimizer_bench(Optimizer const& h)
      : hyper(h), state(dormant::detail::state_for<T>(h, std::span(&tensor, 1), size)) {
    random_stream draw(1, stream::user, 0, 0);
    for (auto& p : parameters.span()) p = static_cast<T>(draw.normal());
  }

  [[nodiscard]] static arena<T> gradient(std::uint64_t step) {
    arena<T> g(size);
    random_stream draw(2, stream::user, step, 0);
    for (auto& x : g.span()) x = static_cast<T>(0.1 * draw.normal());
    return g;
  }
  /// One step on the whole tensor, or, where `piece` is smaller, on one stretch after another.
  void step(arena<T> const& g, double rate_scale = 1, std::size_t piece = size) {
    ++steps;
    for (std::size_t at = 0; at < size; at += piece) {
      std::size_t const n = std::min(piece, size - at);
      hyper.template step<Arch, T>(state,
                                   {.parameters = parameters.span().subspan(at, n),
                                    .gradients = g.span().subspan(at, n),
                                    .offset = at,
                                    .rows = rows,
                                    .cols = cols,
                                    .rate_scale = rate_scale,
                                    .name = tensor.name.view(),
                                    .group = tensor.group},
                                   steps);
    }
  }
  /// Whether the optimizer says that step t leaves the tensor alone.
  [[nodiscard]] bool rests([[maybe_unused]] std::uint64_t t) const {
    parameter_segment<T> const whole{.parameters = {},
                                     .gradients = {},
                                     .rows = rows,
                                     .cols = cols,
                                     .name = tensor.name.view(),
                                     .group = tensor.group};
    if constexpr (dormant::detail::may_rest<Optimizer, T>) return hyper.rests(whole, t);
    return false;
  }
  /// What a checkpoint keeps beside the parameters.
  void each_memory(auto f) {
    state.each(f);
    dormant::detail::each_flat_of(state, f);
  }
  /// Everything that a step may change.
  [[nodiscard]] std::vector<T> everything() {
    std::vector<T> all(parameters.data(), parameters.data() + size);
    each_memory([&](auto, auto& memory) {
      all.insert(all.end(), memory.data(), memory.data() + memory.size());
    });
    return all;
  }
  [[nodiscard]] bool same_parameters(optimizer_bench const& other) const {
    return std::memcmp(parameters.data(), other.parameters.data(), size * sizeof(T)) == 0;
  }
};

template <class Optimizer>
Optimizer without_decay(Optimizer hyper) {
  if constexpr (requires { hyper.weight_decay = 0; }) hyper.weight_decay = 0;
  return hyper;
}

// Goes on from a copy of what `each` shows, as a resumed run does.
template <class Optimizer, class T, class Arch>
void check_resume(verdict& found, Optimizer const& hyper, std::string const& who) {
  using bench = optimizer_bench<Optimizer, T, Arch>;
  bench whole(hyper), second(hyper);
  for (int s = 0; s < 4; ++s) whole.step(bench::gradient(whole.steps));

  std::set<std::string> names;
  std::vector<std::vector<T>> kept;
  whole.state.each([&](auto name, auto& memory) {
    found.expect(memory.size() == bench::size, who, "memory ", name, " has ", memory.size(),
                 " elements, expected one for each of the ", bench::size, " parameters");
  });
  whole.each_memory([&](auto name, auto& memory) {
    found.expect(names.insert(std::string(name)).second, who, "two memories are named ", name);
    kept.emplace_back(memory.data(), memory.data() + memory.size());
  });
  std::copy_n(whole.parameters.data(), bench::size, second.parameters.data());
  second.steps = whole.steps;
  std::size_t i = 0;
  second.each_memory([&](auto, auto& memory) {
    std::copy(kept[i].begin(), kept[i].end(), memory.data());
    ++i;
  });
  for (int s = 0; s < 4; ++s) {
    whole.step(bench::gradient(whole.steps));
    second.step(bench::gradient(second.steps));
  }
  found.expect(whole.same_parameters(second), who,
               "going on from the memories that state::each shows gives other bits than not having "
               "stopped; something is remembered elsewhere");
}

template <class T, class Arch, class Optimizer>
verdict optimizer_laws_in(Optimizer const& hyper, char const* precision) {
  using bench = optimizer_bench<Optimizer, T, Arch>;
  verdict found;
  std::string const who = std::string(Optimizer::name) + ", " + precision + ": ";

  bench const start(without_decay(hyper));
  bench resting = start;
  for (int s = 0; s < 3; ++s) resting.step(arena<T>(bench::size));
  found.expect(resting.same_parameters(start), who,
               "parameters move without a gradient and without weight decay");

  bench frozen(hyper);
  for (int s = 0; s < 3; ++s) frozen.step(bench::gradient(frozen.steps), 0);
  found.expect(frozen.same_parameters(start), who, "parameters move where rate_scale is 0");

  bench moving = start;
  auto const g = bench::gradient(0);
  moving.step(g);
  double downhill = 0;
  for (std::size_t i = 0; i < bench::size; ++i) {
    downhill -= static_cast<double>(g.data()[i]) *
                static_cast<double>(moving.parameters.data()[i] - start.parameters.data()[i]);
  }
  found.expect(downhill > 0, who, "the first step does not go against the gradient");

  if constexpr (requires { requires Optimizer::elementwise; }) {
    bench whole(hyper), pieces(hyper);
    for (int s = 0; s < 3; ++s) {
      whole.step(bench::gradient(whole.steps));
      pieces.step(bench::gradient(pieces.steps), 1, 16); // pieces of the arena begin on a line
    }
    found.expect(whole.same_parameters(pieces), who,
                 "it says elementwise, but a tensor cut in pieces gets other bits");
  }
  bench sleeper(hyper);
  for (int s = 0; s < 9; ++s) {
    bool const rests = sleeper.rests(sleeper.steps + 1);
    auto const before = sleeper.everything();
    sleeper.step(bench::gradient(sleeper.steps));
    auto const after = sleeper.everything();
    found.expect(!rests || std::memcmp(before.data(), after.data(), before.size() * sizeof(T)) == 0,
                 who, "it says that a tensor rests in step ", s, ", and changes it or its memory");
  }
  if constexpr (dormant::detail::scales_gradients<Optimizer>) {
    for (double const norm : {1e-9, 1.0, 1e9}) {
      double const scale = hyper.gradient_scale(norm);
      found.expect(std::isfinite(scale) && scale > 0, who, "gradients of norm ", norm,
                   " are scaled by ", scale, ", expected a finite factor above 0");
    }
  }
  check_resume<Optimizer, T, Arch>(found, hyper, who);
  return found;
}

} // namespace detail

/// Checks, in float and double, that nothing moves without gradient and decay or at a rate of 0,
/// that the first step goes downhill, that an optimizer which says `elementwise` does not care how
/// tensors are cut, that what `rests` is not touched, and that its `state` is all it remembers.
template <class Optimizer, class Arch = xsimd::default_arch>
verdict optimizer_laws(Optimizer const& hyper) {
  static_assert(optimizer<Optimizer>,
                "dormant::testing: this is no optimizer; see <dormant/concepts.hpp>");
  verdict found = detail::optimizer_laws_in<float, Arch>(hyper, "float");
  found += detail::optimizer_laws_in<double, Arch>(hyper, "double");
  return found;
}

} // namespace dormant::testing
