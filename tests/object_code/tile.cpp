// SPDX-License-Identifier: MIT
// The tile of every matrix product by itself, to be taken apart by fused.cmake.
#include "dormant/kernels/bf16.hpp"

namespace dormant::kernels {

template void multiply_tile<xsimd::default_arch, float>(tile<float> const&);
template void multiply_tile<xsimd::default_arch, double>(tile<double> const&);
template void multiply_tile<xsimd::default_arch, float, in_bf16>(tile<float> const&);

} // namespace dormant::kernels
