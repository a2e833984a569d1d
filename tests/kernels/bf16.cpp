// SPDX-License-Identifier: MIT
// Products of bfloat16 operands against plain double loops over the same rounded numbers.

#include "dormant/kernels/bf16.hpp"
#include "dormant/kernels/matmul.hpp"

#include "kernel_testing.hpp"

namespace kernels = dormant::kernels;
using namespace dormant::testing_kernels;
using kernels::in_bf16;

namespace {

double rounded(float x) { return static_cast<double>(kernels::from_bf16(kernels::to_bf16(x))); }

/// sum_l a(l) b(l) over rounded factors, near enough for a chain of `depth` steps in float.
template <class A, class B>
bool near(float found, std::size_t depth, A a, B b) {
  double value = 0;
  double size = 1e-300;
  for (std::size_t l = 0; l != depth; ++l) {
    double const term = rounded(a(l)) * rounded(b(l));
    value += term;
    size += std::abs(term);
  }
  return close(found, value, size, static_cast<double>(depth) + 4);
}

std::vector<float> scratch(std::size_t rows, std::size_t cols) {
  return std::vector<float>(in_bf16::scratch(rows, cols) + 32,
                            std::numeric_limits<float>::quiet_NaN());
}

template <class F>
void on_every_float_arch(F test) {
  on_every_arch([&]<class Arch, class T>() {
    if constexpr (std::is_same_v<T, float>) test.template operator()<Arch>();
  });
}

} // namespace

TEST_CASE("bfloat16 is the nearest number of eight bits, ties to even", "[kernels][bf16]") {
  CHECK(rounded(1.0F) == 1.0);
  CHECK(rounded(1.0F + 0x1p-8F) == 1.0);             // a tie, down to even
  CHECK(rounded(1.0F + 3 * 0x1p-8F) == 1 + 0x1p-6);  // a tie, up to even
  CHECK(rounded(1.0F + 0x1.02p-8F) == 1.0 + 0x1p-7); // just above a tie
  CHECK(rounded(-1.0F - 0x1.02p-8F) == -1.0 - 0x1p-7);
  CHECK(std::isinf(rounded(std::numeric_limits<float>::max())));
  CHECK(std::isinf(rounded(-std::numeric_limits<float>::infinity())));
  CHECK(std::isnan(rounded(std::numeric_limits<float>::quiet_NaN())));
  CHECK(std::isnan(rounded(std::bit_cast<float>(0x7F800001U)))); // its payload is all in the rest
}

TEST_CASE("rows and columns are paired with the same rounding on every arch", "[kernels][bf16]") {
  on_every_float_arch([]<class Arch>() {
    for (std::size_t const n : odd_sizes) {
      guarded<float> x(5, n, 1);
      auto memory = scratch(5, n);
      auto const pairs = in_bf16::along_rows<Arch, float>(x.view(), memory.data());
      auto more = scratch(5, n);
      auto const stacked = in_bf16::along_columns<Arch, float>(x.view(), more.data());
      bool same = pairs.rows == 5 && pairs.cols == (n + 1) / 2 && stacked.rows == 3;
      for (std::size_t i = 0; i != 5; ++i)
        for (std::size_t j = 0; j != n; ++j) {
          auto const word = std::bit_cast<std::uint32_t>(pairs.data[i * pairs.stride + j / 2]);
          same = same && (word >> (j % 2 * 16) & 0xFFFFU) == kernels::to_bf16(x(i, j));
          auto const up = std::bit_cast<std::uint32_t>(stacked.data[i / 2 * stacked.stride + j]);
          same = same && (up >> (i % 2 * 16) & 0xFFFFU) == kernels::to_bf16(x(i, j));
        }
      if (n % 2 == 1) {
        same = same && std::bit_cast<std::uint32_t>(pairs.data[n / 2]) >> 16U == 0;
      }
      for (std::size_t j = 0; j != n; ++j) {
        same =
            same && std::bit_cast<std::uint32_t>(stacked.data[2 * stacked.stride + j]) >> 16U == 0;
      }
      INFO("length " << n);
      CHECK(same);
    }
  });
}

TEST_CASE("A W^T, A W and A^T B in bfloat16 match double loops", "[kernels][bf16]") {
  on_every_float_arch([]<class Arch>() {
    for (std::size_t const k : odd_sizes) {
      std::size_t const m = 13;
      std::size_t const n = 37;
      guarded<float> a(m, k, 1);
      guarded<float> bt(n, k, 2);
      guarded<float> b(k, n, 3);
      guarded<float> c(m, n, 4);
      auto left = scratch(k + m, k + m);
      auto right = scratch(k + n, k + n);
      std::vector<float> weights(kernels::packed_size<Arch, float>((k + 1) / 2, n) + 32);
      auto const rows = in_bf16::along_rows<Arch, float>(a.view(), left.data());

      kernels::pack_transposed<Arch, float>(
          in_bf16::along_rows<Arch, float>(bt.view(), right.data()), weights.data());
      kernels::multiply<Arch, float, in_bf16>(rows, weights.data(), c.view());
      bool good = c.padding_untouched();
      for (std::size_t i = 0; i != m; ++i)
        for (std::size_t j = 0; j != n; ++j)
          good = good && near(
                             c(i, j), k, [&](std::size_t l) { return a(i, l); },
                             [&](std::size_t l) { return bt(j, l); });

      kernels::pack<Arch, float>(in_bf16::along_columns<Arch, float>(b.view(), right.data()),
                                 weights.data());
      kernels::multiply<Arch, float, in_bf16>(rows, weights.data(), c.view());
      for (std::size_t i = 0; i != m; ++i)
        for (std::size_t j = 0; j != n; ++j)
          good = good && near(
                             c(i, j), k, [&](std::size_t l) { return a(i, l); },
                             [&](std::size_t l) { return b(l, j); });

      guarded<float> turned(k, m, 5);
      guarded<float> gradient(m, n, 6);
      for (std::size_t i = 0; i != m; ++i)
        for (std::size_t j = 0; j != n; ++j) gradient(i, j) = 0;
      kernels::multiply_transposed<Arch, float, in_bf16>(
          in_bf16::along_columns<Arch, float>(turned.view(), left.data()),
          in_bf16::along_columns<Arch, float>(b.view(), right.data()), gradient.view());
      for (std::size_t i = 0; i != m; ++i)
        for (std::size_t j = 0; j != n; ++j)
          good = good && near(
                             gradient(i, j), k, [&](std::size_t l) { return turned(l, i); },
                             [&](std::size_t l) { return b(l, j); });
      INFO("K " << k);
      CHECK(good);
    }
  });
}
