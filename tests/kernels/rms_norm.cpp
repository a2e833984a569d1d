// SPDX-License-Identifier: MIT
// Root-mean-square normalisation and its gradient against scalar double loops.

#include "dormant/kernels/rms_norm.hpp"

#include "kernel_testing.hpp"

namespace kernels = dormant::kernels;
using namespace dormant::testing_kernels;

namespace {

constexpr double epsilon = 1e-6;
constexpr std::size_t count = 3;

/// 1 / sqrt(mean(x^2) + eps) of a row, in double.
template <class T>
double scale_of(guarded<T> const& x, std::size_t row, std::size_t n) {
  double mean = 0;
  for (std::size_t i = 0; i != n; ++i) {
    double const v = static_cast<double>(x(row, i));
    mean += v * v / static_cast<double>(n);
  }
  return 1 / std::sqrt(mean + epsilon);
}

} // namespace

TEST_CASE("rms norm matches scalar loops", "[kernels][rms_norm]") {
  on_every_arch([]<class Arch, class T>() {
    for (std::size_t n : odd_sizes)
      for (bool has_gain : {true, false}) {
        guarded<T> x(count, n, 1);
        guarded<T> gain(1, n, 2);
        guarded<T> y(count, n, 3);
        guarded<T> scale(1, count, 4);
        T const* const g = has_gain ? gain.data() : nullptr;
        kernels::rms_norm<Arch, T>(x.view(), g, T(epsilon), y.view(), scale.data());
        bool good = y.padding_untouched() && scale.padding_untouched();
        for (std::size_t row = 0; row != count; ++row) {
          double const want = scale_of(x, row, n);
          good = good && close(scale(0, row), want, want, 8);
          for (std::size_t i = 0; i != n; ++i) {
            double const unit = static_cast<double>(x(row, i)) * want;
            double const value = has_gain ? unit * static_cast<double>(gain(0, i)) : unit;
            good = good && close(y(row, i), value, std::abs(value), 16);
          }
        }
        INFO("C " << n << ", gain " << has_gain);
        CHECK(good);

        guarded<T> in_place = x;
        kernels::rms_norm<Arch, T>(in_place.view(), g, T(epsilon), in_place.view(), scale.data());
        bool same = in_place.padding_untouched();
        for (std::size_t row = 0; row != count; ++row)
          for (std::size_t i = 0; i != n; ++i) same = same && in_place(row, i) == y(row, i);
        CHECK(same);
      }
  });
}

TEST_CASE("the gradient of rms norm matches scalar loops", "[kernels][rms_norm]") {
  on_every_arch([]<class Arch, class T>() {
    for (std::size_t n : odd_sizes)
      for (int mode = 0; mode != 8; ++mode) {
        bool const accumulate = mode % 2 == 1;
        bool const has_gain = mode / 2 % 2 == 1;
        bool const trains = mode / 4 == 1;
        guarded<T> x(count, n, 1);
        guarded<T> gain(1, n, 2);
        guarded<T> dy(count, n, 3);
        guarded<T> dx(count, n, 4);
        guarded<T> dgain(1, n, 5);
        guarded<T> scale(1, count, 6);
        guarded<T> const dx_before = dx;
        guarded<T> const dgain_before = dgain;
        for (std::size_t row = 0; row != count; ++row)
          scale(0, row) = static_cast<T>(scale_of(x, row, n));
        T const* const g = has_gain ? gain.data() : nullptr;
        T* const dg = trains ? dgain.data() : nullptr;
        kernels::rms_norm_gradient<Arch, T>(dy.view(), x.view(), scale.data(), g, dx.view(),
                                            accumulate, dg);
        bool good = dx.padding_untouched() && dgain.padding_untouched();
        std::vector<double> gain_sum(n);
        for (std::size_t row = 0; row != count; ++row) {
          double const s = static_cast<double>(scale(0, row));
          std::vector<double> dunit(n);
          double slope = 0;
          for (std::size_t i = 0; i != n; ++i) {
            double const unit = static_cast<double>(x(row, i)) * s;
            dunit[i] = static_cast<double>(dy(row, i));
            if (trains) gain_sum[i] += dunit[i] * unit;
            if (has_gain) dunit[i] *= static_cast<double>(gain(0, i));
            slope += dunit[i] * unit / static_cast<double>(n);
          }
          for (std::size_t i = 0; i != n; ++i) {
            double want = s * (dunit[i] - static_cast<double>(x(row, i)) * s * slope);
            if (accumulate) want += static_cast<double>(dx_before(row, i));
            good = good && close(dx(row, i), want, 1 + s, 16);
          }
        }
        for (std::size_t i = 0; i != n; ++i)
          good = good &&
                 close(dgain(0, i), static_cast<double>(dgain_before(0, i)) + gain_sum[i], 4, 16);
        INFO("C " << n << ", accumulate " << accumulate << ", gain " << has_gain << ", dgain "
                  << trains);
        CHECK(good);

        if (accumulate) continue;
        guarded<T> in_place = dy;
        kernels::rms_norm_gradient<Arch, T>(in_place.view(), x.view(), scale.data(), g,
                                            in_place.view(), false, dg);
        bool same = true;
        for (std::size_t row = 0; row != count; ++row)
          for (std::size_t i = 0; i != n; ++i) same = same && in_place(row, i) == dx(row, i);
        CHECK(same);
      }
  });
}

TEST_CASE("the gradient of rms norm is the slope of rms norm", "[kernels][rms_norm]") {
  using arch = xsimd::default_arch;
  for (std::size_t const n : {std::size_t(1), std::size_t(11)}) {
    guarded<double> x(count, n, 1);
    guarded<double> gain(1, n, 2);
    guarded<double> weight(count, n, 3); // of every element in a sum that stands for the loss
    guarded<double> y(count, n, 4);
    guarded<double> dx(count, n, 5);
    guarded<double> scale(1, count, 6);
    std::vector<double> dgain(n);
    auto const loss = [&] {
      kernels::rms_norm<arch, double>(x.view(), gain.data(), epsilon, y.view(), scale.data());
      double sum = 0;
      for (std::size_t row = 0; row != count; ++row)
        for (std::size_t i = 0; i != n; ++i) sum += weight(row, i) * y(row, i);
      return sum;
    };
    loss();
    kernels::rms_norm_gradient<arch, double>(weight.view(), x.view(), scale.data(), gain.data(),
                                             dx.view(), false, dgain.data());
    for (std::size_t i = 0; i != n; ++i) {
      CHECK(dgain[i] == Approx(slope_of(loss, gain(0, i))).margin(1e-8));
      for (std::size_t row = 0; row != count; ++row)
        CHECK(dx(row, i) == Approx(slope_of(loss, x(row, i))).margin(1e-8));
    }
  }
}

TEST_CASE("rms norm bears rows of zeros, huge and tiny rows and keeps NaN to its row",
          "[kernels][rms_norm]") {
  on_every_arch([]<class Arch, class T>() {
    std::size_t const n = 19;
    guarded<T> x(5, n, 1);
    for (std::size_t i = 0; i != n; ++i) {
      x(0, i) = T(0);
      x(1, i) *= T(1e15);
      x(2, i) *= T(1e-15); // the squares are far below epsilon
    }
    x(3, 7) = T(3e4); // a massive activation
    x(4, 18) = std::numeric_limits<T>::quiet_NaN();
    guarded<T> y(5, n, 2);
    guarded<T> scale(1, 5, 3);
    kernels::rms_norm<Arch, T>(x.view(), static_cast<T const*>(nullptr), T(epsilon), y.view(),
                               scale.data());
    CHECK(close(scale(0, 0), 1e3, 1e3, 4));
    bool good = true;
    for (std::size_t i = 0; i != n; ++i) {
      good = good && y(0, i) == T(0) && std::isnan(y(4, i));
      for (std::size_t row = 1; row != 4; ++row) {
        double const want = static_cast<double>(x(row, i)) * scale_of(x, row, n);
        good = good && close(y(row, i), want, std::abs(want), 16);
      }
    }
    CHECK(good);
    guarded<T> dx(5, n, 4);
    kernels::rms_norm_gradient<Arch, T>(y.view(), x.view(), scale.data(),
                                        static_cast<T const*>(nullptr), dx.view(), false,
                                        static_cast<T*>(nullptr));
    bool finite = true;
    for (std::size_t row = 0; row != 4; ++row)
      for (std::size_t i = 0; i != n; ++i) finite = finite && std::isfinite(dx(row, i));
    CHECK(finite);
  });
}
