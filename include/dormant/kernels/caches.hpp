// SPDX-License-Identifier: MIT
// How large this processor's caches are: products choose by them in
// which order they go through memory.
#pragma once

#include "dormant/detail/arithmetic.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>

namespace dormant::kernels {

/// Bytes of the caches that one core has for itself.
struct cache_sizes {
  std::size_t l1 = 32 * 1024; ///< of data
  std::size_t l2 = 512 * 1024;
};

namespace detail {

/// What `variable` of the environment says in KiB, else what the system says, else `otherwise`.
[[gnu::noinline]] inline std::size_t cache_size(char const* variable, [[maybe_unused]] int name,
                                                std::size_t otherwise) {
  constexpr std::size_t least = 4 * 1024, most = std::size_t{1} << 30U;
  if (char const* const text = std::getenv(variable)) {
    char* end = nullptr;
    unsigned long const kib = std::strtoul(text, &end, 10);
    if (end != text && *end == '\0' && kib != 0)
      return std::clamp<std::size_t>(std::min<std::size_t>(kib, most) * 1024, least, most);
  }
  long const bytes = name < 0 ? 0 : ::sysconf(name);
  return bytes <= 0 ? otherwise : std::clamp(static_cast<std::size_t>(bytes), least, most);
}

inline cache_sizes found_caches() {
#ifdef _SC_LEVEL1_DCACHE_SIZE
  constexpr int l1 = _SC_LEVEL1_DCACHE_SIZE, l2 = _SC_LEVEL2_CACHE_SIZE;
#else
  constexpr int l1 = -1, l2 = -1;
#endif
  cache_sizes const usual;
  return {cache_size("DORMANT_L1_KIB", l1, usual.l1), cache_size("DORMANT_L2_KIB", l2, usual.l2)};
}

} // namespace detail

/// The caches of this processor, as the system tells them; `DORMANT_L1_KIB` and `DORMANT_L2_KIB` in
/// the environment say otherwise. No result depends on them, only its time.
[[nodiscard, gnu::noinline]] inline cache_sizes const& caches() {
  static cache_sizes const found = detail::found_caches();
  return found;
}

} // namespace dormant::kernels
