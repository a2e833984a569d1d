// SPDX-License-Identifier: MIT
// Long products that take k in steps give the bits of those that do not.
#include "dormant/kernels/deep_matmul.hpp"

#include "kernel_testing.hpp"

namespace kernels = dormant::kernels;
using namespace dormant::testing_kernels;

TEST_CASE("a product that takes k in steps has the bits of one that does not",
          "[kernels][matmul]") {
  on_every_arch([]<class Arch, class T>() {
    struct {
      std::size_t m, k, n;
    } const shapes[] = {
        {1, 1025, 9}, {21, 1100, 67}, {131, 2048, 33}, {7, 1536, 16}, {5, 1024, 40}};
    using kernels::finish;
    for (auto const [m, k, n] : shapes) {
      guarded<T> const a(m, k, 1), b(k, n, 2), mask(m, n, 4);
      std::vector<T> weights(kernels::packed_size<Arch, T>(k, n) + 128 / sizeof(T),
                             std::numeric_limits<T>::quiet_NaN());
      kernels::pack<Arch, T>(b.view(), weights.data());
      for (auto how : {finish::store, finish::accumulate, finish::relu, finish::where_positive}) {
        kernels::epilogue<T> const end{.how = how, .scale = T(0.5), .mask = mask.view()};
        guarded<T> known(m, n, 3);
        guarded<T> found = known;
        kernels::multiply<Arch, T>(a.view(), weights.data(), known.view(), end);
        kernels::multiply_deep<Arch, T>(a.view(), weights.data(), found.view(), end);
        bool same = true;
        for (std::size_t i = 0; i != m; ++i)
          for (std::size_t j = 0; j != n; ++j) same = same && known(i, j) == found(i, j);
        INFO(m << " x " << k << " x " << n << ", epilogue " << static_cast<int>(how));
        CHECK(same);
        CHECK(found.padding_untouched());
      }
    }
  });
}
