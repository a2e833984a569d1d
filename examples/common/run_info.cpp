// SPDX-License-Identifier: MIT
// Versions as the headers and the compiler tell them.
#include "common/run_info.hpp"

#include <dormant/tensor.hpp>
#include <dormant/version.hpp>

#include <boost/version.hpp>
#include <fmt/format.h>
#include <xsimd/xsimd.hpp>

namespace program {

std::string compiler() {
#if defined(__clang__)
  return fmt::format("clang {}.{}.{}", __clang_major__, __clang_minor__, __clang_patchlevel__);
#else
  return fmt::format("g++ {}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
}

std::string simd() {
  return fmt::format("{}, {} bits", xsimd::default_arch::name(), 8 * sizeof(xsimd::batch<float>));
}

std::vector<std::pair<std::string, std::string>> versions() {
  auto const dotted = [](int major, int minor, int patch) {
    return fmt::format("{}.{}.{}", major, minor, patch);
  };
  return {
      {"dormant", dotted(dormant::version.major, dormant::version.minor, dormant::version.patch)},
      {"compiler", compiler()},
      {"simd", simd()},
      {"xsimd", dotted(XSIMD_VERSION_MAJOR, XSIMD_VERSION_MINOR, XSIMD_VERSION_PATCH)},
      {"xtensor", dotted(XTENSOR_VERSION_MAJOR, XTENSOR_VERSION_MINOR, XTENSOR_VERSION_PATCH)},
      {"boost", dotted(BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100)}};
}

} // namespace program
