// SPDX-License-Identifier: MIT
// The vector operations the kernels are written on, where xsimd leaves a gap.

#include "dormant/kernels/simd.hpp"

#include "kernel_testing.hpp"

namespace kernels = dormant::kernels;
using namespace dormant::testing_kernels;

TEST_CASE("fma rounds once where the architecture can", "[kernels][simd]") {
  on_every_arch([]<class Arch, class T>() {
    using batch = kernels::vector<Arch, T>;
    if constexpr (kernels::is_avx512<Arch> || std::is_same_v<Arch, xsimd::fma3<xsimd::avx2>>) {
      // (1 + e)^2 - (1 + 2 e) is e^2, which a rounded product has already lost. The operands are
      // volatile so that the compiler cannot fold or contract anything by itself.
      T volatile const e = std::is_same_v<T, float> ? T(0x1p-13) : T(0x1p-30);
      T volatile const x = 1 + e;
      T volatile const z = -(1 + 2 * e);
      T found[kernels::lanes<Arch, T>];
      kernels::fma(batch(x), batch(x), batch(z)).store_unaligned(found);
      for (T each : found) CHECK(each == e * e);
    }
  });
}

TEST_CASE("part loads and stores touch their lanes only", "[kernels][simd]") {
  on_every_arch([]<class Arch, class T>() {
    constexpr std::size_t count = kernels::lanes<Arch, T>;
    for (std::size_t n = 1; n != count; ++n) {
      std::vector<T> from(n); // nothing after it: the address sanitizer sees a wider load
      for (std::size_t i = 0; i != n; ++i) from[i] = static_cast<T>(i);
      auto const v = kernels::load_part<Arch, T>(from.data(), n, T(-1));
      T seen[count];
      v.store_unaligned(seen);
      std::vector<T> to(n);
      kernels::store_part<Arch, T>(to.data(), n, v);
      bool good = to == from;
      for (std::size_t i = 0; i != count; ++i)
        good = good && seen[i] == (i < n ? static_cast<T>(i) : T(-1));
      CHECK(good);
    }
  });
}

TEST_CASE("lanes fold in halves, and squares transpose", "[kernels][simd]") {
  on_every_arch([]<class Arch, class T>() {
    using batch = kernels::vector<Arch, T>;
    constexpr std::size_t count = kernels::lanes<Arch, T>;
    T values[count];
    numbers next{3};
    for (T& value : values) value = static_cast<T>(next());
    batch const v = batch::load_unaligned(values);
    CHECK(kernels::max_of<Arch, T>(v) == *std::max_element(values, values + count));
    for (std::size_t half = count / 2; half != 0; half /= 2)
      for (std::size_t i = 0; i != half; ++i) values[i] += values[i + half];
    CHECK(kernels::add_of<Arch, T>(v) == values[0]);

    batch square[count];
    for (std::size_t i = 0; i != count; ++i) {
      T row[count];
      for (std::size_t j = 0; j != count; ++j) row[j] = static_cast<T>(100 * i + j);
      square[i] = batch::load_unaligned(row);
    }
    kernels::transpose<Arch, T>(square);
    bool good = true;
    for (std::size_t i = 0; i != count; ++i) {
      T row[count];
      square[i].store_unaligned(row);
      for (std::size_t j = 0; j != count; ++j) good = good && row[j] == static_cast<T>(100 * j + i);
    }
    CHECK(good);
  });
}
