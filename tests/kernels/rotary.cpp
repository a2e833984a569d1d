// SPDX-License-Identifier: MIT
// Rotary position embedding against plain formulas in double.

#include "dormant/kernels/rotary.hpp"

#include <numbers>

#include "kernel_testing.hpp"

namespace kernels = dormant::kernels;
using namespace dormant::testing_kernels;

namespace {

std::vector<double> frequencies(double base, std::size_t rotated) {
  std::vector<double> f(rotated / 2);
  kernels::rotary_frequencies(base, rotated, f.data());
  return f;
}

/// cos and sin of `positions` rows.
template <class T>
struct tables {
  tables(std::size_t positions, std::size_t rotated, double magnitude = 1)
      : cos(positions * rotated / 2), sin(positions * rotated / 2) {
    auto const f = frequencies(10000, rotated);
    kernels::rotary_tables(f.data(), rotated, positions, magnitude, cos.data(), sin.data());
  }
  std::vector<T> cos, sin;
};

/// Element i of a head at position t after the rotation, from the head before it.
template <class T>
double turned(T const* head, std::size_t i, std::size_t t, std::size_t rotated, bool interleaved) {
  std::size_t const half = rotated / 2;
  if (i >= rotated) return static_cast<double>(head[i]);
  std::size_t const pair = interleaved ? i / 2 : i % half;
  bool const second = interleaved ? i % 2 == 1 : i >= half;
  auto const a = static_cast<double>(head[interleaved ? 2 * pair : pair]);
  auto const b = static_cast<double>(head[interleaved ? 2 * pair + 1 : pair + half]);
  double const angle = static_cast<double>(t) * std::pow(10000, -2.0 * static_cast<double>(pair) /
                                                                    static_cast<double>(rotated));
  return second ? a * std::sin(angle) + b * std::cos(angle)
                : a * std::cos(angle) - b * std::sin(angle);
}

/// The inner product of all elements of two matrices.
double inner(guarded<double> const& a, guarded<double> const& b, std::size_t rows,
             std::size_t cols) {
  double sum = 0;
  for (std::size_t i = 0; i != rows; ++i)
    for (std::size_t j = 0; j != cols; ++j) sum += a(i, j) * b(i, j);
  return sum;
}

} // namespace

TEST_CASE("rotation matches plain formulas, and backwards undoes it", "[kernels][rotary]") {
  on_every_arch([]<class Arch, class T>() {
    std::size_t const positions = 5;
    std::size_t const heads = 3;
    for (std::size_t rotated : {2U, 4U, 6U, 14U, 16U, 18U, 32U, 34U, 66U, 128U})
      for (std::size_t rest : {0U, 3U})
        for (bool interleaved : {false, true}) {
          std::size_t const width = rotated + rest;
          tables<T> const table(positions, rotated);
          guarded<T> x(positions, heads * width, 1);
          guarded<T> const before = x;
          auto const rotate = [&](bool backwards) {
            kernels::rotate<Arch, T>(x.view(), heads, width, rotated, table.cos.data(),
                                     table.sin.data(), interleaved, backwards);
          };
          rotate(false);
          bool good = x.padding_untouched();
          for (std::size_t t = 0; t != positions; ++t)
            for (std::size_t i = 0; i != heads * width; ++i) {
              std::size_t const h = i / width * width;
              good = good &&
                     close(x(t, i), turned(&before(t, h), i - h, t, rotated, interleaved), 2, 2) &&
                     (i - h < rotated || x(t, i) == before(t, i));
            }
          rotate(true);
          good = good && x.padding_untouched();
          for (std::size_t t = 0; t != positions; ++t)
            for (std::size_t i = 0; i != heads * width; ++i)
              good = good && close(x(t, i), static_cast<double>(before(t, i)), 2, 4);
          INFO("rotated " << rotated << " of " << width << ", interleaved " << interleaved);
          CHECK(good);
        }
  });
}

TEST_CASE("scores of rotated queries and keys know only their distance", "[kernels][rotary]") {
  std::size_t const positions = 9;
  std::size_t const width = 12;
  tables<double> const table(positions, width);
  guarded<double> q(1, width, 1);
  guarded<double> k(1, width, 2);
  auto const score = [&](std::size_t i, std::size_t j) {
    guarded<double> a = q;
    guarded<double> b = k;
    std::size_t const row = width / 2;
    kernels::rotate<xsimd::default_arch, double>(a.view(), 1, width, width, &table.cos[i * row],
                                                 &table.sin[i * row], false, false);
    kernels::rotate<xsimd::default_arch, double>(b.view(), 1, width, width, &table.cos[j * row],
                                                 &table.sin[j * row], false, false);
    return inner(a, b, 1, width);
  };
  CHECK(score(0, 0) == Approx(inner(q, k, 1, width)));
  CHECK(score(8, 5) == Approx(score(3, 0)));
  CHECK(score(8, 5) != Approx(score(5, 8)));
}

TEST_CASE("backwards is the transpose at any magnitude", "[kernels][rotary]") {
  for (bool interleaved : {false, true}) {
    tables<double> const table(4, 10, 1.25);
    guarded<double> x(4, 22, 1);
    guarded<double> y(4, 22, 2);
    guarded<double> rx = x;
    guarded<double> ry = y;
    kernels::rotate<xsimd::default_arch, double>(rx.view(), 2, 11, 10, table.cos.data(),
                                                 table.sin.data(), interleaved, false);
    kernels::rotate<xsimd::default_arch, double>(ry.view(), 2, 11, 10, table.cos.data(),
                                                 table.sin.data(), interleaved, true);
    CHECK(inner(rx, y, 4, 22) == Approx(inner(x, ry, 4, 22)));
    CHECK(table.cos[5] == Approx(1.25 * std::cos(1.0))); // position 1, frequency 1
    CHECK(table.sin[5] == Approx(1.25 * std::sin(1.0)));
    CHECK(rx(0, 0) == Approx(1.25 * x(0, 0))); // position 0 is only scaled,
    CHECK(rx(0, 10) == x(0, 10));              // and what does not turn not even that
  }
}

TEST_CASE("rotation bears late positions and huge elements", "[kernels][rotary]") {
  on_every_arch([]<class Arch, class T>() {
    std::size_t const last = 131071;
    double const f[] = {1.0, 1e-3};
    std::vector<T> cos(2 * (last + 1));
    std::vector<T> sin(2 * (last + 1));
    kernels::rotary_tables(f, 4, last + 1, 1, cos.data(), sin.data());
    CHECK(close(cos[2 * last], std::cos(static_cast<double>(last)), 1, 1));
    CHECK(close(sin[2 * last + 1], std::sin(static_cast<double>(last) * 1e-3), 1, 1));
    T x[] = {T(1e30), T(-1e30), T(3e30), T(2e30)};
    kernels::rotate<Arch, T>({x, 1, 4, 4}, 1, 4, 4, &cos[2 * last], &sin[2 * last], false, false);
    kernels::rotate<Arch, T>({x, 1, 4, 4}, 1, 4, 4, &cos[2 * last], &sin[2 * last], false, true);
    CHECK(close(x[0], 1e30, 4e30, 4));
    CHECK(close(x[3], 2e30, 4e30, 4));
  });
}
