// SPDX-License-Identifier: MIT
// What the tests of training share: a small model, its task, and comparison bit by bit.
#pragma once

#include "dormant/dormant.hpp"

#include "catch.hpp"
#include "error_of.hpp"

#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <fstream>
#include <span>
#include <string>
#include <vector>

namespace training {

using namespace dormant;

// C 20, D 10, F 40, T 13: multiples of no vector width.
inline constexpr shape small{
    .layers = 2, .heads = 2, .width = 20, .vocab = 67, .context = 13, .expansion = 2};
using small_task = bigram_backcopy<small>;

/// The address space of this process, bytes.
inline std::size_t address_space() {
  std::ifstream memory("/proc/self/statm");
  std::size_t pages = 0;
  memory >> pages;
  return pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}
/// Whether a sanitizer watches: its shadow memory is terabytes, and it ends a program that asks for
/// more than there is.
inline bool sanitized() { return address_space() > std::size_t{1} << 40U; }

/// A copy of the parameters.
template <class Net>
std::vector<typename Net::scalar> parameters_of(Net const& net) {
  return {net.parameters().begin(), net.parameters().end()};
}

template <class T>
bool same_bits(std::vector<T> const& a, std::vector<T> const& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

/// Two series of measurements, name by name and bit by bit.
inline bool same_rows(std::vector<probe_row> const& a, std::vector<probe_row> const& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    auto const& x = a[i].cells();
    auto const& y = b[i].cells();
    if (x.size() != y.size()) return false;
    for (std::size_t j = 0; j < x.size(); ++j) {
      if (x[j].first != y[j].first ||
          std::memcmp(&x[j].second, &y[j].second, sizeof(double)) != 0) {
        return false;
      }
    }
  }
  return true;
}

} // namespace training
