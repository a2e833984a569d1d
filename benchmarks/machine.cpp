// SPDX-License-Identifier: MIT
// Says what this machine is: processor, vectors, caches and the FMA peak of one core.
//
//   machine               for people
//   machine --json FILE   also for programs

#include "machine.hpp"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <cstring>

int main(int argc, char** argv) {
  using arch = xsimd::default_arch;
  namespace bench = dormant::benchmarks;
  if (argc != 1 && !(argc == 3 && std::strcmp(argv[1], "--json") == 0)) {
    std::fprintf(stderr, "machine: valid is only --json FILE\n");
    return 2;
  }
  auto const& cache = dormant::kernels::caches();
  double const peak = bench::fma_peak<arch, float>() / 1e9;
  char const* const kernels = bench::best_kernels().openblas;
  nlohmann::ordered_json const out{
      {"processor", bench::processor()},
      {"cores", std::thread::hardware_concurrency()},
      {"simd", arch::name()},
      {"floats in a vector", dormant::kernels::lanes<arch, float>},
      {"L1 KiB", cache.l1 / 1024},
      {"L2 KiB", cache.l2 / 1024},
      {"peak GFLOP/s of one core", peak},
      {"OpenBLAS kernels", kernels == nullptr ? "its own choice" : kernels}};
  for (auto const& [name, value] : out.items()) {
    std::printf("%s: %s\n", name.c_str(),
                value.is_string() ? value.get<std::string>().c_str() : value.dump().c_str());
  }
  if (argc == 3) {
    std::ofstream file(argv[2]);
    file << out.dump(1) << "\n";
    if (!file.flush()) {
      std::fprintf(stderr, "machine: cannot write '%s'\n", argv[2]);
      return 1;
    }
  }
}
