// SPDX-License-Identifier: MIT
// Sums and products over the lanes on one side of each, and walks that carry something.

#include "dormant/kernels/scan.hpp"

#include "kernel_testing.hpp"

namespace kernels = dormant::kernels;
using namespace dormant::testing_kernels;

TEST_CASE("scans leave each lane out of its own sum and product", "[kernels][scan]") {
  on_every_arch([]<class Arch, class T>() {
    using batch = kernels::vector<Arch, T>;
    constexpr std::size_t count = kernels::lanes<Arch, T>;
    T values[count], others[count], whole[count];
    for (std::size_t i = 0; i != count; ++i) values[i] = i % 3 == 0 ? T(2) : T(0.5); // exact
    batch const v = batch::load_unaligned(values);

    auto const after = kernels::product_after(v);
    after.others.store_unaligned(others);
    after.whole.store_unaligned(whole);
    T product = 1;
    for (std::size_t i = count; i-- != 0; product *= values[i]) CHECK(others[i] == product);
    for (T const each : whole) CHECK(each == product);

    auto const before = kernels::sum_before(v);
    before.others.store_unaligned(others);
    before.whole.store_unaligned(whole);
    T sum = 0;
    for (std::size_t i = 0; i != count; sum += values[i], ++i) CHECK(others[i] == sum);
    for (T const each : whole) CHECK(each == sum);
  });
}

TEST_CASE("walks carry from register to register, both ways", "[kernels][scan]") {
  on_every_arch([]<class Arch, class T>() {
    for (std::size_t n : odd_sizes) {
      std::size_t next = 0;
      auto const on = [&](auto, std::size_t i, std::size_t at) {
        CHECK(i == at);
        next = i + kernels::lanes<Arch, T>;
        return next;
      };
      kernels::fold_registers<Arch, T>(n, std::size_t{0}, on);
      CHECK((next >= n && next - n < kernels::lanes<Arch, T>));
      std::size_t const end = next;
      auto const back = [&](auto, std::size_t i, std::size_t at) {
        CHECK(i + kernels::lanes<Arch, T> == at);
        return next = i;
      };
      kernels::fold_registers_backward<Arch, T>(n, end, back);
      CHECK(next == 0);
    }
  });
}
