// SPDX-License-Identifier: MIT
// models float|bf16|narrow: makes two models of that kind on each of two threads, for check.cmake
// to see what that writes to stderr; says on stdout whether this build has fast bf16.
#include <dormant/dormant.hpp>

#include <cstdio>
#include <string_view>
#include <thread>

namespace dm = dormant;

namespace {

constexpr dm::shape tiny{.layers = 1, .heads = 1, .width = 8, .vocab = 5, .context = 4};
#if defined(__x86_64__)
using narrow = dm::on<xsimd::sse2>;
#else
using narrow = dm::on<xsimd::default_arch>;
#endif

#if defined(__AVX512BF16__) && defined(__AVX512BW__)
static_assert(dm::bf16_is_fast<>);
#else
static_assert(!dm::bf16_is_fast<>);
#endif
static_assert(!dm::bf16_is_fast<xsimd::sse2>);

template <class... Words>
void make() {
  auto const two = [] {
    dm::transformer<tiny, dm::softmax, Words...> const one({.seed = 1}), other({.seed = 2});
    dm::transformer<dm::at_run_time, dm::softmax, Words...> const sized(tiny);
  };
  std::thread beside(two);
  two();
  beside.join();
}

} // namespace

int main(int argc, char** argv) {
  std::string_view const kind = argc == 2 ? argv[1] : "";
  if (kind == "float") make<>();
  if (kind == "bf16") make<dm::bf16>();
  if (kind == "narrow") make<dm::bf16, narrow>();
  std::puts(dm::bf16_is_fast<> ? "fast" : "in software");
}
