// SPDX-License-Identifier: MIT
// Kernels that keep sums while they walk along rows, to be taken apart by loops.py.
#include "dormant/kernels/bf16.hpp"
#include "dormant/kernels/cross_entropy.hpp"
#include "dormant/kernels/layer_norm.hpp"
#include "dormant/kernels/matmul.hpp"
#include "dormant/kernels/optimizer_steps.hpp"
#include "dormant/kernels/rms_norm.hpp"

namespace dormant::kernels {

using arch = xsimd::default_arch;

template void multiply<arch, float>(matrix<float const>, float const*, matrix<float>,
                                    epilogue<float>, cache_sizes const*);
template void multiply_transposed<arch, float>(matrix<float const>, matrix<float const>,
                                               matrix<float>, cache_sizes const*);
template void multiply_tile<arch, double>(tile<double> const&);
#ifdef __AVX512BF16__
template void multiply_tile<arch, float, in_bf16>(tile<float> const&);
#endif
template void layer_norm<arch, float>(matrix<float const>, float const*, float const*, float,
                                      matrix<float>, float*, float*);
template void layer_norm_gradient<arch, float>(matrix<float const>, matrix<float const>,
                                               float const*, float const*, float const*,
                                               matrix<float>, bool, float*, float*);
template void rms_norm<arch, float>(matrix<float const>, float const*, float, matrix<float>,
                                    float*);
template void rms_norm_gradient<arch, float>(matrix<float const>, matrix<float const>, float const*,
                                             float const*, matrix<float>, bool, float*);
template double cross_entropy<arch, float>(matrix<float>, std::int32_t const*, float);
template float softmax_gradient<arch, float>(float const*, float*, std::size_t);
template float dot_sum<arch, float>(float const*, float const*, float const*, std::size_t);
template float sum_of<arch, float>(float const*, std::size_t);
template bool all_finite<arch, float>(float const*, std::size_t);
template void adamw<arch, float>(float*, float const*, float*, float*, std::size_t, adamw_step);

} // namespace dormant::kernels
