// SPDX-License-Identifier: MIT
// Sizes of caches: of the system, or of the environment; nonsense there is not heeded.

#include "dormant/kernels/caches.hpp"

#include "catch.hpp"

#include <cstdlib>

namespace kernels = dormant::kernels;

TEST_CASE("the sizes of the caches can be said in the environment", "[kernels][caches]") {
  auto const said = [](char const* text) {
    ::setenv("DORMANT_L2_KIB", text, 1);
    return kernels::detail::found_caches().l2;
  };
  ::unsetenv("DORMANT_L2_KIB");
  std::size_t const found = kernels::detail::found_caches().l2;
  CHECK(found >= 4096);
  CHECK(said("512") == 512 * 1024);
  CHECK(said("1") == 4096); // the least that products are cut for
  CHECK(said("99999999999999999999") == std::size_t{1} << 30U);
  for (char const* nonsense : {"", "0", "large", "12MB"}) {
    INFO("'" << nonsense << "'");
    CHECK(said(nonsense) == found);
  }
  ::unsetenv("DORMANT_L2_KIB");
}
