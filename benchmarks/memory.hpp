// SPDX-License-Identifier: MIT
// How much memory a stretch of a program needs at its peak (glibc and Linux).
#pragma once

#include <fstream>
#include <malloc.h>
#include <string>

namespace dormant::benchmarks {

/// From its construction to `bytes()`: the most memory the process held, less what it held before.
class peak_memory {
public:
  peak_memory() {
    malloc_trim(0);                                // what earlier benchmarks have freed is not ours
    std::ofstream("/proc/self/clear_refs") << "5"; // forgets the peak so far
    before_ = field("VmRSS:");
  }
  [[nodiscard]] double bytes() const { return field("VmHWM:") - before_; }

private:
  static double field(std::string const& wanted) {
    std::ifstream status("/proc/self/status");
    std::string name;
    double kilobytes = 0;
    while (status >> name) {
      if (name == wanted && status >> kilobytes) return 1024 * kilobytes;
      std::getline(status, name);
    }
    return 0;
  }

  double before_ = 0;
};

} // namespace dormant::benchmarks
