// SPDX-License-Identifier: MIT
// What a benchmark runs on, and the kernels that other libraries should take there.
#pragma once

#include "fma_peak.hpp"

#include "dormant/kernels/caches.hpp"

#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>

namespace dormant::benchmarks {

/// The name of the processor, as the system tells it.
inline std::string processor() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

/// The kernels for the instructions that this program is compiled for, which its processor has:
/// left alone, OpenBLAS 0.3.21 takes AVX2 for AVX-512 on processors that are newer than itself, and
/// oneDNN more than a program for AVX2 has. Null leaves the choice to the library.
struct peer_kernels {
  char const* openblas; ///< `OPENBLAS_CORETYPE`
  char const* onednn;   ///< `ONEDNN_MAX_CPU_ISA`
};
constexpr peer_kernels best_kernels() {
#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
  return {"SkylakeX", nullptr};
#elif defined(__AVX2__) && defined(__FMA__)
  return {"Haswell", "AVX2"};
#else
  return {nullptr, nullptr};
#endif
}

/// Puts them into the environment, where the libraries look when they are loaded, and one thread
/// each. Returns whether it did: where a number of threads is set, somebody has chosen before.
inline bool choose_kernels() {
  if (std::getenv("OPENBLAS_NUM_THREADS") != nullptr) return false;
  auto const say = [](char const* name, char const* value) {
    if (value != nullptr) ::setenv(name, value, 0);
  };
  say("OPENBLAS_CORETYPE", best_kernels().openblas);
  say("ONEDNN_MAX_CPU_ISA", best_kernels().onednn);
  say("OPENBLAS_NUM_THREADS", "1");
  say("OMP_NUM_THREADS", "1");
  return true;
}

} // namespace dormant::benchmarks
