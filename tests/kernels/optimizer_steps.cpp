// SPDX-License-Identifier: MIT
// Steps of AdamW, SGD and sign descent against PyTorch's formulas in scalar double arithmetic.

#include "dormant/kernels/optimizer_steps.hpp"

#include "kernel_testing.hpp"

namespace kernels = dormant::kernels;
using namespace dormant::testing_kernels;

namespace {

/// Steps in units of the learning rate round to a few units in the last place of 1 each.
constexpr double tolerance = 16;

} // namespace

TEST_CASE("AdamW follows its formula", "[kernels][optimizer]") {
  on_every_arch([]<class Arch, class T>() {
    for (std::size_t n : odd_sizes) {
      guarded<T> p(1, n, 1);
      guarded<T> m(1, n, 2);
      guarded<T> v(1, n, 3);
      std::vector<double> p1(n), m1(n), v1(n);
      for (std::size_t i = 0; i != n; ++i) {
        m(0, i) = v(0, i) = T(0);
        p1[i] = static_cast<double>(p(0, i));
      }
      double const lr = 0.01, beta1 = 0.9, beta2 = 0.99, eps = 1e-8, decay = 0.1;
      bool good = true;
      for (int t = 1; t <= 3; ++t) {
        guarded<T> g(1, n, static_cast<std::uint32_t>(10 + t));
        double const bias1 = 1 - std::pow(beta1, t);
        double const bias2 = 1 - std::pow(beta2, t);
        kernels::adamw<Arch, T>(p.data(), g.data(), m.data(), v.data(), n,
                                {.lr = lr,
                                 .beta1 = beta1,
                                 .beta2 = beta2,
                                 .eps = eps,
                                 .weight_decay = decay,
                                 .bias1 = bias1,
                                 .bias2 = bias2});
        for (std::size_t i = 0; i != n; ++i) {
          double const d = static_cast<double>(g(0, i));
          p1[i] *= 1 - lr * decay;
          m1[i] = beta1 * m1[i] + (1 - beta1) * d;
          v1[i] = beta2 * v1[i] + (1 - beta2) * d * d;
          p1[i] -= lr / bias1 * m1[i] / (std::sqrt(v1[i]) / std::sqrt(bias2) + eps);
          good = good && close(p(0, i), p1[i], 1, tolerance) &&
                 close(m(0, i), m1[i], 1, tolerance) && close(v(0, i), v1[i], 1, tolerance);
        }
      }
      INFO("n " << n);
      CHECK(good);
      CHECK((p.padding_untouched() && m.padding_untouched() && v.padding_untouched()));
    }
  });
}

TEST_CASE("SGD follows its formula, with momentum and without", "[kernels][optimizer]") {
  on_every_arch([]<class Arch, class T>() {
    for (std::size_t n : odd_sizes)
      for (double momentum : {0.0, 0.9}) {
        guarded<T> p(1, n, 1);
        guarded<T> velocity(1, n, 2); // whatever was there before the first step is forgotten
        std::vector<double> p1(n), v1(n);
        for (std::size_t i = 0; i != n; ++i) p1[i] = static_cast<double>(p(0, i));
        double const lr = 0.01, decay = 0.1;
        bool good = true;
        for (int t = 1; t <= 3; ++t) {
          guarded<T> g(1, n, static_cast<std::uint32_t>(10 + t));
          kernels::sgd<Arch, T>(
              p.data(), g.data(), momentum == 0 ? nullptr : velocity.data(), n,
              {.lr = lr, .momentum = momentum, .weight_decay = decay, .first = t == 1});
          for (std::size_t i = 0; i != n; ++i) {
            double const d = static_cast<double>(g(0, i)) + decay * p1[i];
            v1[i] = t == 1 ? d : momentum * v1[i] + d;
            p1[i] -= lr * v1[i];
            good = good && close(p(0, i), p1[i], 1, tolerance);
            if (momentum != 0) good = good && close(velocity(0, i), v1[i], 4, tolerance);
          }
        }
        INFO("n " << n << ", momentum " << momentum);
        CHECK(good);
        CHECK((p.padding_untouched() && velocity.padding_untouched()));
      }
  });
}

TEST_CASE("sign descent moves by the learning rate, not at zero", "[kernels][optimizer]") {
  on_every_arch([]<class Arch, class T>() {
    for (std::size_t n : odd_sizes) {
      guarded<T> p(1, n, 1);
      guarded<T> g(1, n, 2);
      guarded<T> const before = p;
      for (std::size_t i = 0; i < n; i += 3) g(0, i) = i % 2 == 0 ? T(0) : -T(0);
      kernels::sign_sgd<Arch, T>(p.data(), g.data(), n, {.lr = 0.25, .weight_decay = 0.5});
      bool good = p.padding_untouched();
      for (std::size_t i = 0; i != n; ++i) {
        double const sign = g(0, i) > 0 ? 1 : g(0, i) < 0 ? -1 : 0;
        double const want = static_cast<double>(before(0, i)) * 0.875 - 0.25 * sign;
        good = good && close(p(0, i), want, 1, 2);
      }
      INFO("n " << n);
      CHECK(good);
      g(0, n / 2) = std::numeric_limits<T>::quiet_NaN();
      kernels::sign_sgd<Arch, T>(p.data(), g.data(), n, {.lr = 0.25, .weight_decay = 0.5});
      CHECK(std::isnan(p(0, n / 2)));
    }
  });
}
