// SPDX-License-Identifier: MIT
// Non-linearities of MLPs and their slopes against long double formulas.

#include "dormant/kernels/activations.hpp"

#include "kernel_testing.hpp"

namespace kernels = dormant::kernels;
using namespace dormant::testing_kernels;

namespace {

using real = long double;

real const pi = std::acos(real(-1));

/// f(x) and f'(x) as their definitions say, `tanh` and `erf` written so that nothing cancels.
struct point {
  real value = 0;
  real slope = 0;
};

point exact(kernels::gelu_erf, real x) {
  real const below = std::erfc(-x / std::sqrt(real(2))) / 2;
  return {x * below, below + x * std::exp(-x * x / 2) / std::sqrt(2 * pi)};
}
point exact(kernels::gelu_tanh, real x) {
  real const k = 0.044715L;
  real const u = std::sqrt(2 / pi) * (x + k * x * x * x);
  real const du = std::sqrt(2 / pi) * (1 + 3 * k * x * x);
  real const s = 1 / (1 + std::exp(-2 * u)); // (1 + tanh(u)) / 2
  return {x * s, s + x * s / (1 + std::exp(2 * u)) * 2 * du};
}
point exact(kernels::silu, real x) {
  real const s = 1 / (1 + std::exp(-x));
  return {x * s, s + x * s / (1 + std::exp(x))};
}
point exact(kernels::relu, real x) { return {x > 0 ? x : 0, x > 0 ? real(1) : real(0)}; }

template <class Test>
void on_every_activation(Test test) {
  auto const run = [&]<class Activation>(Activation f) {
    INFO(Activation::name);
    test(f);
  };
  run(kernels::gelu_erf{});
  run(kernels::gelu_tanh{});
  run(kernels::silu{});
  run(kernels::relu{});
}

/// f(x) by a kernel, and its slope there.
template <class Arch, class Activation, class T>
std::pair<T, T> at(Activation, T x) {
  T value = T(7);
  T slope = T(1);
  Activation::template forward<Arch, T>(&x, &value, 1);
  Activation::template backward<Arch, T>(&x, &slope, 1);
  return {value, slope};
}

/// Points from -30 to 30, an odd number of them.
template <class T>
std::vector<T> grid() {
  std::vector<T> x;
  for (int i = -6000; i <= 6000; ++i) x.push_back(static_cast<T>(i) / T(200));
  return x;
}

} // namespace

TEST_CASE("activations and their slopes are exact to a few units in the last place",
          "[kernels][activations]") {
  on_every_activation([]<class Activation>(Activation f) {
    on_every_arch([&]<class Arch, class T>() {
      std::vector<T> const x = grid<T>();
      std::vector<T> value(x.size());
      std::vector<T> slope(x.size(), T(1));
      Activation::template forward<Arch, T>(x.data(), value.data(), x.size());
      Activation::template backward<Arch, T>(x.data(), slope.data(), x.size());
      double worst = 0; // in units in the last place of 1, or of the value if that is larger
      for (std::size_t i = 0; i != x.size(); ++i) {
        point const w = exact(f, static_cast<real>(x[i]));
        real const unit = static_cast<real>(std::numeric_limits<T>::epsilon());
        real const off =
            std::max(std::abs(static_cast<real>(value[i]) - w.value) / std::max(real(1), w.value),
                     std::abs(static_cast<real>(slope[i]) - w.slope));
        worst = std::max(worst, static_cast<double>(off / unit));
      }
      CHECK(worst < 4);                             // 5e-7 in float
      for (T const one : {T(-2), T(-5), T(-7.5)}) { // where 1 + erf and 1 + tanh would cancel
        real const wanted = exact(f, static_cast<real>(one)).value;
        auto const found = static_cast<real>(at<Arch>(f, one).first);
        CHECK(std::abs(found - wanted) <=
              64 * static_cast<real>(std::numeric_limits<T>::epsilon()) * std::abs(wanted));
      }
    });
  });
}

TEST_CASE("activations are PyTorch's", "[kernels][activations]") {
  using arch = xsimd::default_arch;
  CHECK(at<arch>(kernels::gelu_erf{}, 1.0).first == Approx(0.8413447460685429).epsilon(1e-14));
  CHECK(at<arch>(kernels::gelu_tanh{}, 1.0).first == Approx(0.8411919906082768).epsilon(1e-14));
  CHECK(at<arch>(kernels::silu{}, 1.0).first == Approx(0.7310585786300049).epsilon(1e-14));
  CHECK(at<arch>(kernels::relu{}, -1.0) == std::pair(0.0, 0.0));
  CHECK(at<arch>(kernels::relu{}, 0.0) == std::pair(0.0, 0.0));
  CHECK(at<arch>(kernels::relu{}, 2.5) == std::pair(2.5, 1.0));
}

TEST_CASE("activations of any length stay in their row, and work in place",
          "[kernels][activations]") {
  on_every_activation([]<class Activation>(Activation f) {
    on_every_arch([&]<class Arch, class T>() {
      for (std::size_t const n : odd_sizes) {
        guarded<T> x(1, n, 1);
        guarded<T> d(1, n, 2);
        guarded<T> out(1, n, 3);
        guarded<T> const d_before = d;
        Activation::template forward<Arch, T>(x.data(), out.data(), n);
        Activation::template backward<Arch, T>(x.data(), d.data(), n);
        guarded<T> in_place = x;
        Activation::template forward<Arch, T>(in_place.data(), in_place.data(), n);
        bool good =
            out.padding_untouched() && d.padding_untouched() && in_place.padding_untouched();
        for (std::size_t i = 0; i != n; ++i) {
          point const w = exact(f, static_cast<real>(x(0, i)));
          good = good && close(out(0, i), static_cast<double>(w.value), 1, 4) &&
                 close(d(0, i), static_cast<double>(w.slope) * static_cast<double>(d_before(0, i)),
                       1, 4) &&
                 in_place(0, i) == out(0, i);
        }
        INFO("n " << n);
        CHECK(good);
      }
    });
  });
}

TEST_CASE("activations of huge numbers are finite, and NaN stays", "[kernels][activations]") {
  on_every_activation([]<class Activation>(Activation f) {
    on_every_arch([&]<class Arch, class T>() {
      using limits = std::numeric_limits<T>;
      for (T const x : {T(50), T(90), T(710), T(1e4), T(1e13), T(1e30), limits::max()}) {
        INFO("x " << x);
        CHECK(at<Arch>(f, x) == std::pair(x, T(1)));
        auto const [value, slope] = at<Arch>(f, -x);
        CHECK(std::abs(value) < T(1e-15));
        CHECK(std::abs(slope) < T(1e-15));
      }
      for (T const x : {T(0), -T(0), limits::min(), limits::denorm_min()})
        CHECK(std::abs(at<Arch>(f, x).first) <= x);
      CHECK(at<Arch>(f, limits::infinity()).first == limits::infinity());
      CHECK(std::isnan(at<Arch>(f, limits::quiet_NaN()).first));
      bool const is_relu = std::is_same_v<Activation, kernels::relu>;
      CHECK(std::isnan(at<Arch>(f, -limits::infinity()).first) == !is_relu);
      if (!is_relu) CHECK(std::isnan(at<Arch>(f, limits::quiet_NaN()).second));
    });
  });
}

TEST_CASE("slopes of activations are central differences", "[kernels][activations]") {
  on_every_activation([]<class Activation>(Activation f) {
    for (double x = -6.03; x < 6; x += 0.25) {
      double at_x = x;
      auto const value = [&] { return at<xsimd::default_arch>(f, at_x).first; };
      CHECK(at<xsimd::default_arch>(f, x).second == Approx(slope_of(value, at_x)).margin(1e-9));
    }
  });
}
