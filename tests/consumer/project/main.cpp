// SPDX-License-Identifier: MIT
// One of two translation units that include the whole library: nothing may be defined twice.
#include <dormant/dormant.hpp>

#include <cstdio>

std::size_t width_seen_by_the_other_file();

int main() {
  if (width_seen_by_the_other_file() != dormant::shape{}.width) return 1;
  std::puts("consumer: both files see the same library");
}
