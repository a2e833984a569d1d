// SPDX-License-Identifier: MIT
// Layer normalisation and its gradient against scalar double loops.

#include "dormant/kernels/layer_norm.hpp"

#include "kernel_testing.hpp"

namespace kernels = dormant::kernels;
using namespace dormant::testing_kernels;

namespace {

constexpr double epsilon = 1e-5;

/// The mean and 1 / sqrt(var + eps) of a row, in double.
struct moments {
  double mean = 0;
  double rstd = 0;
};

template <class T>
moments moments_of(guarded<T> const& x, std::size_t row, std::size_t n) {
  moments of;
  for (std::size_t i = 0; i != n; ++i)
    of.mean += static_cast<double>(x(row, i)) / static_cast<double>(n);
  double variance = 0;
  for (std::size_t i = 0; i != n; ++i) {
    double const d = static_cast<double>(x(row, i)) - of.mean;
    variance += d * d / static_cast<double>(n);
  }
  of.rstd = 1 / std::sqrt(variance + epsilon);
  return of;
}

} // namespace

TEST_CASE("layer norm matches scalar loops", "[kernels][layer_norm]") {
  on_every_arch([]<class Arch, class T>() {
    for (std::size_t n : odd_sizes) {
      std::size_t const count = 3;
      guarded<T> x(count, n, 1);
      guarded<T> gamma(1, n, 2);
      guarded<T> beta(1, n, 3);
      guarded<T> y(count, n, 4);
      guarded<T> mean(1, count, 5);
      guarded<T> rstd(1, count, 6);
      kernels::layer_norm<Arch, T>(x.view(), gamma.data(), beta.data(), T(epsilon), y.view(),
                                   mean.data(), rstd.data());
      bool good = y.padding_untouched() && mean.padding_untouched() && rstd.padding_untouched();
      for (std::size_t row = 0; row != count; ++row) {
        moments const want = moments_of(x, row, n);
        // A constant row has a variance of nothing but rounding, which 1 / sqrt(eps) enlarges.
        good = good && close(mean(0, row), want.mean, 1, 4) &&
               close(rstd(0, row), want.rstd, want.rstd, 16);
        for (std::size_t i = 0; i != n; ++i) {
          double const unit = (static_cast<double>(x(row, i)) - want.mean) * want.rstd;
          double const value =
              unit * static_cast<double>(gamma(0, i)) + static_cast<double>(beta(0, i));
          good = good && close(y(row, i), value, 1 + want.rstd, 16);
        }
      }
      INFO("C " << n);
      CHECK(good);

      guarded<T> in_place = x;
      kernels::layer_norm<Arch, T>(in_place.view(), gamma.data(), beta.data(), T(epsilon),
                                   in_place.view(), mean.data(), rstd.data());
      bool same = true;
      for (std::size_t row = 0; row != count; ++row)
        for (std::size_t i = 0; i != n; ++i) same = same && in_place(row, i) == y(row, i);
      CHECK(same);
    }
  });
}

TEST_CASE("the gradient of layer norm matches scalar loops", "[kernels][layer_norm]") {
  on_every_arch([]<class Arch, class T>() {
    for (std::size_t n : odd_sizes)
      for (bool accumulate : {false, true}) {
        std::size_t const count = 3;
        guarded<T> x(count, n, 1);
        guarded<T> gamma(1, n, 2);
        guarded<T> dy(count, n, 3);
        guarded<T> dx(count, n, 4);
        guarded<T> dgamma(1, n, 5);
        guarded<T> dbeta(1, n, 6);
        guarded<T> mean(1, count, 7);
        guarded<T> rstd(1, count, 8);
        guarded<T> const dx_before = dx;
        guarded<T> const dgamma_before = dgamma;
        guarded<T> const dbeta_before = dbeta;
        for (std::size_t row = 0; row != count; ++row) {
          mean(0, row) = static_cast<T>(moments_of(x, row, n).mean);
          rstd(0, row) = static_cast<T>(moments_of(x, row, n).rstd);
        }
        kernels::layer_norm_gradient<Arch, T>(dy.view(), x.view(), mean.data(), rstd.data(),
                                              gamma.data(), dx.view(), accumulate, dgamma.data(),
                                              dbeta.data());
        bool good =
            dx.padding_untouched() && dgamma.padding_untouched() && dbeta.padding_untouched();
        std::vector<double> gamma_sum(n);
        std::vector<double> beta_sum(n);
        for (std::size_t row = 0; row != count; ++row) {
          double const m = static_cast<double>(mean(0, row));
          double const s = static_cast<double>(rstd(0, row));
          double offset = 0;
          double slope = 0;
          for (std::size_t i = 0; i != n; ++i) {
            double const g = static_cast<double>(dy(row, i));
            double const unit = (static_cast<double>(x(row, i)) - m) * s;
            offset += g * static_cast<double>(gamma(0, i)) / static_cast<double>(n);
            slope += g * static_cast<double>(gamma(0, i)) * unit / static_cast<double>(n);
            gamma_sum[i] += g * unit;
            beta_sum[i] += g;
          }
          for (std::size_t i = 0; i != n; ++i) {
            double const unit = (static_cast<double>(x(row, i)) - m) * s;
            double want = s * (static_cast<double>(dy(row, i)) * static_cast<double>(gamma(0, i)) -
                               offset - unit * slope);
            if (accumulate) want += static_cast<double>(dx_before(row, i));
            good = good && close(dx(row, i), want, 1 + s, 16);
          }
        }
        for (std::size_t i = 0; i != n; ++i)
          good =
              good &&
              close(dgamma(0, i), static_cast<double>(dgamma_before(0, i)) + gamma_sum[i], 4, 16) &&
              close(dbeta(0, i), static_cast<double>(dbeta_before(0, i)) + beta_sum[i], 4, 16);
        INFO("C " << n << ", accumulate " << accumulate);
        CHECK(good);

        if (accumulate) continue;
        guarded<T> in_place = dy;
        kernels::layer_norm_gradient<Arch, T>(in_place.view(), x.view(), mean.data(), rstd.data(),
                                              gamma.data(), in_place.view(), false, dgamma.data(),
                                              dbeta.data());
        bool same = true;
        for (std::size_t row = 0; row != count; ++row)
          for (std::size_t i = 0; i != n; ++i) same = same && in_place(row, i) == dx(row, i);
        CHECK(same);
      }
  });
}

TEST_CASE("layer norm without a gain or a bias is that of ones and zeros",
          "[kernels][layer_norm]") {
  on_every_arch([]<class Arch, class T>() {
    for (std::size_t n : odd_sizes)
      for (int mode = 0; mode != 4; ++mode) {
        std::size_t const count = 3;
        bool const has_gain = mode % 2 == 1;
        bool const has_bias = mode / 2 == 1;
        guarded<T> x(count, n, 1);
        guarded<T> gain(1, n, 2);
        guarded<T> bias(1, n, 3);
        for (std::size_t i = 0; i != n; ++i) {
          if (!has_gain) gain(0, i) = T(1);
          if (!has_bias) bias(0, i) = T(0);
        }
        guarded<T> mean(1, count, 4);
        guarded<T> rstd(1, count, 5);
        guarded<T> want(count, n, 6);
        guarded<T> y(count, n, 7);
        kernels::layer_norm<Arch, T>(x.view(), gain.data(), bias.data(), T(epsilon), want.view(),
                                     mean.data(), rstd.data());
        kernels::layer_norm<Arch, T>(x.view(), has_gain ? gain.data() : nullptr,
                                     has_bias ? bias.data() : nullptr, T(epsilon), y.view(),
                                     mean.data(), rstd.data());

        guarded<T> dy(count, n, 8);
        guarded<T> dwant(count, n, 9);
        guarded<T> dx(count, n, 10);
        guarded<T> const before(1, n, 11);
        guarded<T> dgain_want = before, dbias_want = before;
        guarded<T> dgain = before, dbias = before;
        kernels::layer_norm_gradient<Arch, T>(dy.view(), x.view(), mean.data(), rstd.data(),
                                              gain.data(), dwant.view(), false, dgain_want.data(),
                                              dbias_want.data());
        kernels::layer_norm_gradient<Arch, T>(
            dy.view(), x.view(), mean.data(), rstd.data(), has_gain ? gain.data() : nullptr,
            dx.view(), false, has_gain ? dgain.data() : nullptr, has_bias ? dbias.data() : nullptr);
        bool good = y.padding_untouched() && dx.padding_untouched();
        auto const near = [](T found, T wanted, double size) { // a compiler may fuse differently
          return close(found, static_cast<double>(wanted), size, 8);
        };
        for (std::size_t i = 0; i != n; ++i) {
          good = good && near(dgain(0, i), (has_gain ? dgain_want : before)(0, i), 4) &&
                 near(dbias(0, i), (has_bias ? dbias_want : before)(0, i), 4);
          for (std::size_t row = 0; row != count; ++row) {
            double const size = 1 + static_cast<double>(rstd(0, row));
            good = good && near(y(row, i), want(row, i), size) &&
                   near(dx(row, i), dwant(row, i), size);
          }
        }
        INFO("C " << n << ", gain " << has_gain << ", bias " << has_bias);
        CHECK(good);
      }
  });
}
