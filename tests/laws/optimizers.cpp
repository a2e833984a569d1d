// SPDX-License-Identifier: MIT
// The library's optimizers keep the laws; optimizers with one mistake each do not.
#include "dormant/optimizer/adamw.hpp"
#include "dormant/optimizer/clipped.hpp"
#include "dormant/optimizer/exact_decay.hpp"
#include "dormant/optimizer/frozen.hpp"
#include "dormant/optimizer/sgd.hpp"
#include "dormant/optimizer/sign_sgd.hpp"
#include "dormant/optimizer/with_rate.hpp"
#include "dormant/testing/optimizer_laws.hpp"

#include "catch.hpp"

#include <cmath>
#include <string>
#include <string_view>

namespace {

using namespace dormant;

// What the mistakes have in common: plain gradient descent.
struct descent {
  static constexpr std::string_view name = "descent";
  double lr = 0.1;
  double weight_decay = 0.1;

  template <class T>
  struct state {
    explicit state(std::size_t) {}
    void each(auto) {}
  };
  template <class Arch, class T>
  void step(state<T>&, parameter_segment<T> p, std::uint64_t) const {
    for (std::size_t i = 0; i < p.parameters.size(); ++i) {
      double const x = static_cast<double>(p.parameters[i]);
      double const g = static_cast<double>(p.gradients[i]) + weight_decay * x;
      p.parameters[i] = static_cast<T>(x - lr * p.rate_scale * g);
    }
  }
};

struct drifts : descent {
  template <class Arch, class T>
  void step(state<T>& s, parameter_segment<T> p, std::uint64_t t) const {
    descent::step<Arch, T>(s, p, t);
    for (auto& x : p.parameters) x += static_cast<T>(1e-3 * p.rate_scale);
  }
};
struct ascends : descent {
  template <class Arch, class T>
  void step(state<T>& s, parameter_segment<T> p, std::uint64_t t) const {
    descent{-lr, weight_decay}.step<Arch, T>(s, p, t);
  }
};
struct ignores_rates : descent {
  template <class Arch, class T>
  void step(state<T>& s, parameter_segment<T> p, std::uint64_t t) const {
    p.rate_scale = 1;
    descent::step<Arch, T>(s, p, t);
  }
};
// Not elementwise at all: the step depends on the norm of the stretch.
struct normalises : descent {
  static constexpr bool elementwise = true;
  template <class Arch, class T>
  void step(state<T>& s, parameter_segment<T> p, std::uint64_t t) const {
    double square = 1e-30;
    for (T const g : p.gradients) square += static_cast<double>(g) * static_cast<double>(g);
    descent{lr / std::sqrt(square), weight_decay}.step<Arch, T>(s, p, t);
  }
};
// Freezes the parameters, but not what it remembers of their gradients.
struct dozes : adamw {
  template <class T>
  bool rests(parameter_segment<T> const&, std::uint64_t t) const {
    return t > 3;
  }
  template <class Arch, class T>
  void step(state<T>& s, parameter_segment<T> p, std::uint64_t t) const {
    if (rests(p, t)) p.rate_scale = 0;
    adamw::step<Arch, T>(s, p, t);
  }
};
struct scales_by_nothing : descent {
  [[nodiscard]] double gradient_scale(double norm) const { return norm > 1 ? 0 : 1; }
};
struct hides_memory {
  static constexpr std::string_view name = "hides_memory";
  template <class T>
  struct state {
    explicit state(std::size_t n) : velocity(n) {}
    void each(auto) {}
    arena<T> velocity;
  };
  template <class Arch, class T>
  void step(state<T>& s, parameter_segment<T> p, std::uint64_t) const {
    for (std::size_t i = 0; i < p.parameters.size(); ++i) {
      T& v = s.velocity.data()[p.offset + i];
      v = static_cast<T>(0.9) * v + p.gradients[i];
      p.parameters[i] -= static_cast<T>(0.1 * p.rate_scale) * v;
    }
  }
};

void says(testing::verdict const& found, std::string_view words) {
  INFO(found);
  CHECK_FALSE(found);
  CHECK(found.log.find(words) != std::string::npos);
}

} // namespace

TEST_CASE("laws: every optimizer of the library keeps them") {
  CHECK(testing::optimizer_laws(adamw{}));
  CHECK(testing::optimizer_laws(adamw{.lr = 0.1, .beta1 = 0, .weight_decay = 0.5}));
  CHECK(testing::optimizer_laws(sgd{}));
  CHECK(testing::optimizer_laws(sgd{.lr = 0.2, .momentum = 0, .weight_decay = 0}));
  CHECK(testing::optimizer_laws(sign_sgd{}));
  CHECK(testing::optimizer_laws(descent{}));
}

template <class Optimizer>
void check_wrappers(Optimizer const& inner) {
  CHECK(testing::optimizer_laws(with_rate{inner, cosine_decay{.warm_up = 2, .steps = 6}}));
  CHECK(testing::optimizer_laws(with_rate{inner, linear_decay{.steps = 6, .floor = 0.5}}));
  CHECK(testing::optimizer_laws(clipped{inner, {.norm = 0.5}}));
  CHECK(testing::optimizer_laws(frozen{inner, {.tensor = "layers.*.ff.*", .from = 3, .until = 6}}));
  CHECK(testing::optimizer_laws(frozen{
      clipped{with_rate{inner, [](std::uint64_t step) { return 1.0 / (1.0 + double(step)); }}, {}},
      {.group = group::mlp, .from = 1}}));
}
TEST_CASE("laws: the wrappers of optimizers keep them") {
  check_wrappers(adamw{});
  check_wrappers(sgd{.lr = 0.2});
  check_wrappers(sign_sgd{.weight_decay = 0.5});
  check_wrappers(descent{});
  check_wrappers(exact_decay{adamw{.lr = 1e-3, .weight_decay = 1e-5}});
  CHECK(testing::optimizer_laws(exact_decay{adamw{.lr = 0.1, .weight_decay = 0.5}}));
  CHECK(testing::optimizer_laws(exact_decay{sign_sgd{.lr = 1e-4, .weight_decay = 1e-5}}));
}

TEST_CASE("laws: an optimizer with one mistake is told which") {
  says(testing::optimizer_laws(drifts{}), "move without a gradient and without weight decay");
  says(testing::optimizer_laws(ascends{}), "the first step does not go against the gradient");
  says(testing::optimizer_laws(ignores_rates{}), "parameters move where rate_scale is 0");
  says(testing::optimizer_laws(normalises{}), "it says elementwise, but");
  says(testing::optimizer_laws(hides_memory{}), "something is remembered elsewhere");
  says(testing::optimizer_laws(dozes{}), "it says that a tensor rests in step 3, and changes it");
  says(testing::optimizer_laws(scales_by_nothing{}), "are scaled by 0, expected a finite factor");
}
