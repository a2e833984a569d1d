// SPDX-License-Identifier: MIT
// Dynamic tanh and its gradient against scalar double loops.

#include "dormant/kernels/dyt.hpp"

#include "kernel_testing.hpp"

namespace kernels = dormant::kernels;
using namespace dormant::testing_kernels;

namespace {

constexpr std::size_t count = 3;
constexpr double alpha = 1.75;

template <class T>
void widen(guarded<T>& x, std::size_t n) { // to (-8, 8), where both formulas of tanh are met
  for (std::size_t row = 0; row != count; ++row)
    for (std::size_t i = 0; i != n; ++i) x(row, i) *= T(1 + i % 8);
}

template <class Arch, class T>
T tanh_at(T x) {
  T y = T(7);
  kernels::dyt<Arch, T>({&x, 1, 1, 1}, T(1), nullptr, nullptr, {&y, 1, 1, 1});
  return y;
}

} // namespace

TEST_CASE("dynamic tanh matches scalar loops", "[kernels][dyt]") {
  on_every_arch([]<class Arch, class T>() {
    for (std::size_t n : odd_sizes)
      for (int mode = 0; mode != 4; ++mode) {
        bool const has_gain = mode % 2 == 1;
        bool const has_bias = mode / 2 == 1;
        guarded<T> x(count, n, 1);
        widen(x, n);
        guarded<T> gain(1, n, 2);
        guarded<T> bias(1, n, 3);
        guarded<T> y(count, n, 4);
        T const* const g = has_gain ? gain.data() : nullptr;
        T const* const b = has_bias ? bias.data() : nullptr;
        kernels::dyt<Arch, T>(x.view(), T(alpha), g, b, y.view());
        guarded<T> in_place = x;
        kernels::dyt<Arch, T>(in_place.view(), T(alpha), g, b, in_place.view());
        bool good = y.padding_untouched() && in_place.padding_untouched();
        for (std::size_t row = 0; row != count; ++row)
          for (std::size_t i = 0; i != n; ++i) {
            double want = std::tanh(alpha * static_cast<double>(x(row, i)));
            if (has_gain) want *= static_cast<double>(gain(0, i));
            if (has_bias) want += static_cast<double>(bias(0, i));
            good = good && close(y(row, i), want, 1, 4) && in_place(row, i) == y(row, i);
          }
        INFO("C " << n << ", gain " << has_gain << ", bias " << has_bias);
        CHECK(good);
      }
  });
}

TEST_CASE("the gradient of dynamic tanh matches scalar loops", "[kernels][dyt]") {
  on_every_arch([]<class Arch, class T>() {
    for (std::size_t n : odd_sizes)
      for (int mode = 0; mode != 16; ++mode) {
        bool const accumulate = mode % 2 == 1;
        bool const has_gain = mode / 2 % 2 == 1;
        bool const trains_gain = mode / 4 % 2 == 1;
        bool const trains_rest = mode / 8 == 1; // bias and alpha
        guarded<T> x(count, n, 1);
        widen(x, n);
        guarded<T> gain(1, n, 2);
        guarded<T> dy(count, n, 3);
        guarded<T> dx(count, n, 4);
        guarded<T> dgain(1, n, 5);
        guarded<T> dbias(1, n, 6);
        guarded<T> const dx_before = dx;
        guarded<T> const dgain_before = dgain;
        guarded<T> const dbias_before = dbias;
        T dalpha = T(0.5);
        auto const run = [&](kernels::matrix<T const> from, kernels::matrix<T> to) {
          kernels::dyt_gradient<Arch, T>(from, x.view(), T(alpha), has_gain ? gain.data() : nullptr,
                                         to, accumulate, trains_rest ? &dalpha : nullptr,
                                         trains_gain ? dgain.data() : nullptr,
                                         trains_rest ? dbias.data() : nullptr);
        };
        run(dy.view(), dx.view());
        bool good =
            dx.padding_untouched() && dgain.padding_untouched() && dbias.padding_untouched();
        double alpha_sum = 0.5;
        for (std::size_t i = 0; i != n; ++i) {
          double gain_sum = static_cast<double>(dgain_before(0, i));
          double bias_sum = static_cast<double>(dbias_before(0, i));
          for (std::size_t row = 0; row != count; ++row) {
            double const d = static_cast<double>(dy(row, i));
            double const v = static_cast<double>(x(row, i));
            double const t = std::tanh(alpha * v);
            double const inner = d * (1 - t * t) * (has_gain ? static_cast<double>(gain(0, i)) : 1);
            double const before = accumulate ? static_cast<double>(dx_before(row, i)) : 0;
            good = good && close(dx(row, i), before + alpha * inner, 4, 4);
            if (trains_gain) gain_sum += d * t;
            if (trains_rest) bias_sum += d;
            if (trains_rest) alpha_sum += inner * v;
          }
          good = good && close(dgain(0, i), gain_sum, 4, 4) && close(dbias(0, i), bias_sum, 4, 4);
        }
        good = good && close(dalpha, alpha_sum, 4, static_cast<double>(n));
        INFO("C " << n << ", mode " << mode);
        CHECK(good);

        if (accumulate) continue;
        guarded<T> in_place = dy;
        run(in_place.view(), in_place.view());
        bool same = in_place.padding_untouched();
        for (std::size_t row = 0; row != count; ++row)
          for (std::size_t i = 0; i != n; ++i) same = same && in_place(row, i) == dx(row, i);
        CHECK(same);
      }
  });
}

TEST_CASE("the gradient of dynamic tanh is the slope of dynamic tanh", "[kernels][dyt]") {
  using arch = xsimd::default_arch;
  std::size_t const n = 11;
  guarded<double> x(count, n, 1);
  guarded<double> gain(1, n, 2);
  guarded<double> bias(1, n, 3);
  guarded<double> weight(count, n, 4); // of every element in a sum that stands for the loss
  guarded<double> y(count, n, 5);
  guarded<double> dx(count, n, 6);
  double a = alpha;
  double dalpha = 0;
  std::vector<double> dgain(n);
  std::vector<double> dbias(n);
  auto const loss = [&] {
    kernels::dyt<arch, double>(x.view(), a, gain.data(), bias.data(), y.view());
    double sum = 0;
    for (std::size_t row = 0; row != count; ++row)
      for (std::size_t i = 0; i != n; ++i) sum += weight(row, i) * y(row, i);
    return sum;
  };
  kernels::dyt_gradient<arch, double>(weight.view(), x.view(), a, gain.data(), dx.view(), false,
                                      &dalpha, dgain.data(), dbias.data());
  CHECK(dalpha == Approx(slope_of(loss, a)).margin(1e-8));
  for (std::size_t i = 0; i != n; ++i) {
    CHECK(dgain[i] == Approx(slope_of(loss, gain(0, i))).margin(1e-8));
    CHECK(dbias[i] == Approx(slope_of(loss, bias(0, i))).margin(1e-8));
    for (std::size_t row = 0; row != count; ++row)
      CHECK(dx(row, i) == Approx(slope_of(loss, x(row, i))).margin(1e-8));
  }
}

TEST_CASE("tanh is exact to a few units of itself, and bears any number", "[kernels][dyt]") {
  on_every_arch([]<class Arch, class T>() {
    using limits = std::numeric_limits<T>;
    double worst = 0;
    bool odd = true;
    for (int i = 1; i <= 3000; ++i)
      for (T const x : {static_cast<T>(i) / T(100), static_cast<T>(i) * T(1e-20)}) {
        auto const want = static_cast<double>(std::tanh(static_cast<long double>(x)));
        auto const found = static_cast<double>(tanh_at<Arch>(x));
        worst = std::max(worst, std::abs(found / want - 1));
        odd = odd && tanh_at<Arch>(-x) == -tanh_at<Arch>(x);
      }
    CHECK(odd);
    CHECK(worst < 3 * static_cast<double>(limits::epsilon()));
    for (T const x : {T(60), T(800), T(1e30), limits::max(), limits::infinity()}) {
      CHECK(tanh_at<Arch>(x) == T(1));
      CHECK(tanh_at<Arch>(-x) == T(-1));
    }
    CHECK(tanh_at<Arch>(limits::denorm_min()) <= limits::denorm_min());
    CHECK(std::isnan(tanh_at<Arch>(limits::quiet_NaN())));

    T const x = limits::max(); // alpha x is infinite
    T const dy = T(1);
    T dx = T(7);
    T dalpha = T(0);
    kernels::dyt_gradient<Arch, T>({&dy, 1, 1, 1}, {&x, 1, 1, 1}, T(4), nullptr, {&dx, 1, 1, 1},
                                   false, &dalpha, nullptr, nullptr);
    CHECK(dx == T(0));
    CHECK(dalpha == T(0));
  });
}
