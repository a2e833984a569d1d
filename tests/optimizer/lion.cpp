// SPDX-License-Identifier: MIT
// Lion against its formula; the laws, threads and a stop.
#include "dormant/optimizer/lion.hpp"

#include "kernels/kernel_testing.hpp"
#include "optimizer_testing.hpp"

#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

using namespace testing_optimizers;

TEST_CASE("lion: the sign of one mixture moves the parameter, the other stays") {
  for (double const scale : {1.0, 0.25}) {
    lion const hyper{.lr = 1e-2, .beta1 = 0.7, .beta2 = 0.95, .weight_decay = 0.1};
    check_formula(
        hyper,
        [&] {
          return [h = hyper, scale, m = 0.0](double p, double g, double) mutable {
            double const mixture = h.beta1 * m + (1 - h.beta1) * g;
            m = h.beta2 * m + (1 - h.beta2) * g;
            return p - h.lr * scale * ((mixture > 0) - (mixture < 0)) -
                   h.lr * scale * h.weight_decay * p;
          };
        },
        scale);
  }
}

TEST_CASE("lion: three steps by hand") {
  lion const hyper{.lr = 0.5, .beta1 = 0.5, .beta2 = 0.75, .weight_decay = 0.1};
  lion::state<double> memory(1);
  arena<double> p(1), g(1);
  p.data()[0] = 2;
  auto const step = [&](double gradient, std::uint64_t t) {
    g.data()[0] = gradient;
    hyper.step<xsimd::default_arch, double>(
        memory, {.parameters = p.span(), .gradients = g.span(), .cols = 1}, t);
    return p.data()[0];
  };
  CHECK(step(4, 1) == Approx(2 * 0.95 - 0.5));      // mixture 2, m 1
  CHECK(step(-0.5, 2) == Approx(1.4 * 0.95 - 0.5)); // mixture 0.25, against the gradient; m 0.625
  CHECK(memory.mean.data()[0] == Approx(0.625));
  CHECK(step(-1, 3) == Approx(0.83 * 0.95 + 0.5)); // mixture -0.1875
}

TEST_CASE("lion: without momentum it is signSGD") {
  CHECK(same_bits(trained<float>(lion{.lr = 1e-3, .beta1 = 0, .beta2 = 0, .weight_decay = 0.1}),
                  trained<float>(sign_sgd{.lr = 1e-3, .weight_decay = 0.1})));
}

TEST_CASE("lion: NaN comes through, nothing moves at 0") {
  lion const hyper{.weight_decay = 0};
  lion::state<float> memory(3);
  arena<float> p(3), g(3);
  g.data()[1] = std::numeric_limits<float>::quiet_NaN();
  g.data()[2] = std::numeric_limits<float>::infinity();
  hyper.step<xsimd::default_arch, float>(
      memory, {.parameters = p.span(), .gradients = g.span(), .cols = 3}, 1);
  CHECK(p.data()[0] == 0);
  CHECK(std::isnan(p.data()[1]));
  CHECK(p.data()[2] == -1e-4F);
}

TEST_CASE("lion: the formula on every architecture and length, and NaN comes through") {
  using namespace dormant::testing_kernels;
  lion const hyper{.lr = 0.25, .beta1 = 0.5, .beta2 = 0.75, .weight_decay = 0.5};
  on_every_arch([&]<class Arch, class T>() {
    for (std::size_t const n : odd_sizes) {
      guarded<T> p(1, n, 1);
      lion::state<T> memory(n);
      auto const step = [&](guarded<T>& g) {
        hyper.step<Arch, T>(
            memory, {.parameters = {p.data(), n}, .gradients = {g.data(), n}, .cols = n}, 1);
      };
      numbers some{2};
      std::vector<double> p1(n), m1(n);
      for (std::size_t i = 0; i != n; ++i) {
        p1[i] = static_cast<double>(p(0, i));
        m1[i] = static_cast<double>(memory.mean.data()[i] = static_cast<T>(some()));
      }
      bool good = true;
      for (std::uint32_t t = 1; t <= 3; ++t) {
        guarded<T> g(1, n, 10 + t);
        step(g);
        for (std::size_t i = 0; i != n; ++i) {
          double const d = static_cast<double>(g(0, i));
          double const mixture = hyper.beta1 * m1[i] + (1 - hyper.beta1) * d;
          p1[i] = p1[i] * (1 - hyper.lr * hyper.weight_decay) -
                  hyper.lr * ((mixture > 0) - (mixture < 0));
          m1[i] = hyper.beta2 * m1[i] + (1 - hyper.beta2) * d;
          good = good && close(p(0, i), p1[i], 1, 16) && close(memory.mean.data()[i], m1[i], 1, 16);
        }
      }
      INFO("n " << n);
      CHECK(good);
      CHECK(p.padding_untouched());
      guarded<T> g(1, n, 3);
      g(0, n / 2) = std::numeric_limits<T>::quiet_NaN();
      step(g);
      CHECK((std::isnan(p(0, n / 2)) && std::isnan(memory.mean.data()[n / 2])));
    }
  });
}

TEST_CASE("lion: laws, wrappers, threads, a stop") {
  check_laws(lion{});
  check_laws(lion{.lr = 0.1, .beta1 = 0, .weight_decay = 0.5});
  check_laws(exact_decay{lion{.lr = 1e-3, .weight_decay = 1e-5}});
  check_runs(lion{.lr = 1e-3, .weight_decay = 0.1});
}
