// SPDX-License-Identifier: MIT
// The same model at every SIMD width that this machine and this compilation have.
#include "every_structure.hpp"

#include <type_traits>

using namespace gradients;

namespace {

template <class Arch>
void check_arch() {
  if constexpr (Arch::supported()) {
    INFO("architecture " << Arch::name());
    constexpr shape s = models::odd(2, 4);
    using doubles = transformer<s, sink_logit, double, on<Arch>>;
    static_assert(std::is_same_v<typename doubles::arch, Arch>);
    check_everything<>{}.template operator()<doubles>("double");
    using floats = transformer<s, output_gate<>, post_norm, float, on<Arch>>;
    auto const net = models::shaken<floats>();
    CHECK(agrees_with_reference<false>(net, models::random_tokens(2, s.context, s.vocab), 1e-4));
  }
}

} // namespace

TEST_CASE("gradients: SSE2") { check_arch<xsimd::sse2>(); }
TEST_CASE("gradients: AVX") { check_arch<xsimd::avx>(); }
TEST_CASE("gradients: AVX2 with FMA") { check_arch<xsimd::fma3<xsimd::avx2>>(); }
TEST_CASE("gradients: the widest") { check_arch<xsimd::default_arch>(); }
