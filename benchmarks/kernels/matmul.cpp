// SPDX-License-Identifier: MIT
// GFLOP/s of the matrix products on the shapes of training, packing included, and their share of
// the FMA peak measured next to them. Processor time, best of all repetitions.

#include <cstdint>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "dormant/kernels/causal_matmul.hpp"

#include "../fma_peak.hpp"

namespace kernels = dormant::kernels;

namespace {

/// A matrix on 64-byte aligned rows, filled with small numbers.
template <class T>
class operand {
public:
  operand(std::size_t rows, std::size_t cols)
      : rows_(rows), cols_(cols), stride_((cols + 15) / 16 * 16), storage_(rows * stride_ + 64) {
    for (std::size_t i = 0; i != storage_.size(); ++i)
      storage_[i] = static_cast<T>(static_cast<double>(i * 7 % 19) / 19 - 0.5);
  }

  kernels::matrix<T> view() {
    auto const address = reinterpret_cast<std::uintptr_t>(storage_.data());
    return {storage_.data() + (64 - address % 64) % 64 / sizeof(T), rows_, cols_, stride_};
  }
  T* data() { return view().data; }

private:
  std::size_t rows_, cols_, stride_;
  std::vector<T> storage_;
};

/// Times `work` alone and reports its rate from `flops` useful operations a call.
template <class Arch, class T, class Work>
void measure(benchmark::State& state, double flops, Work work) {
  double peak = dormant::benchmarks::fma_peak<Arch, T>();
  double best = 0;
  int const calls = 1 + static_cast<int>(2e8 / flops); // short ones drown in the clock otherwise
  for (auto _ : state) {
    double const start = dormant::benchmarks::thread_seconds();
    for (int i = 0; i != calls; ++i) work();
    double const spent = dormant::benchmarks::thread_seconds() - start;
    state.SetIterationTime(spent / calls);
    best = std::max(best, calls * flops / spent);
  }
  peak = std::max(peak, dormant::benchmarks::fma_peak<Arch, T>());
  state.counters["GFLOP/s"] = best / 1e9;
  state.counters["peak"] = peak / 1e9;
  state.counters["share"] = best / peak;
  state.SetLabel(Arch::name());
}

double product(std::size_t m, std::size_t k, std::size_t n) {
  return 2.0 * static_cast<double>(m) * static_cast<double>(k) * static_cast<double>(n);
}

std::size_t size(benchmark::State const& state, std::size_t i) {
  return static_cast<std::size_t>(state.range(i));
}

template <class Arch, class T, kernels::finish How>
void a_b(benchmark::State& state) {
  std::size_t const m = size(state, 0), k = size(state, 1), n = size(state, 2);
  operand<T> a(m, k), b(k, n), c(m, n), mask(m, n);
  operand<T> packed(1, kernels::packed_size<Arch, T>(k, n));
  measure<Arch, T>(state, product(m, k, n), [&] {
    kernels::pack<Arch, T>(b.view(), packed.data());
    kernels::multiply<Arch, T>(a.view(), packed.data(), c.view(),
                               {.how = How, .mask = mask.view()});
  });
}

template <class Arch, class T>
void a_bt(benchmark::State& state) {
  std::size_t const m = size(state, 0), k = size(state, 1), n = size(state, 2);
  operand<T> a(m, k), bt(n, k), c(m, n);
  operand<T> packed(1, kernels::packed_size<Arch, T>(k, n));
  measure<Arch, T>(state, product(m, k, n), [&] {
    kernels::pack_transposed<Arch, T>(bt.view(), packed.data());
    kernels::multiply<Arch, T>(a.view(), packed.data(), c.view());
  });
}

template <class Arch, class T>
void at_b(benchmark::State& state) {
  std::size_t const r = size(state, 0), m = size(state, 1), n = size(state, 2);
  operand<T> a(r, m), b(r, n), c(m, n);
  measure<Arch, T>(state, product(m, r, n),
                   [&] { kernels::multiply_transposed<Arch, T>(a.view(), b.view(), c.view()); });
}

/// Operands that lie in turn in sixteen places, so that those of the next call are in L3 at best:
/// what a step of several layers finds. Packing the weights is left out, as a step does it once.
constexpr std::size_t places = 16;

template <class T>
std::vector<operand<T>> places_of(std::size_t rows, std::size_t cols) {
  std::vector<operand<T>> all;
  for (std::size_t i = 0; i != places; ++i) all.emplace_back(rows, cols);
  return all;
}

template <class Arch, class T>
void cold_a_b(benchmark::State& state) {
  std::size_t const m = size(state, 0), k = size(state, 1), n = size(state, 2);
  auto a = places_of<T>(m, k), c = places_of<T>(m, n);
  auto packed = places_of<T>(1, kernels::packed_size<Arch, T>(k, n));
  std::size_t at = 0;
  measure<Arch, T>(state, product(m, k, n), [&] {
    at = (at + 1) % places;
    kernels::multiply<Arch, T>(a[at].view(), packed[at].data(), c[at].view());
  });
}

template <class Arch, class T>
void cold_at_b(benchmark::State& state) {
  std::size_t const r = size(state, 0), m = size(state, 1), n = size(state, 2);
  auto a = places_of<T>(r, m), b = places_of<T>(r, n), c = places_of<T>(m, n);
  std::size_t at = 0;
  measure<Arch, T>(state, product(m, r, n), [&] {
    at = (at + 1) % places;
    kernels::multiply_transposed<Arch, T>(a[at].view(), b[at].view(), c[at].view());
  });
}

template <class Arch, class T>
void scores(benchmark::State& state) {
  std::size_t const t = size(state, 0), d = size(state, 1);
  operand<T> q(t, d), k(t, d), s(t, t);
  operand<T> packed(1, kernels::packed_size<Arch, T>(d, t));
  measure<Arch, T>(state, product(t, d, t + 1) / 2, [&] {
    kernels::pack_transposed<Arch, T>(k.view(), packed.data());
    kernels::causal_scores<Arch, T>(q.view(), packed.data(), s.view(), T(0.125));
  });
}

template <class Arch, class T, bool Transposed>
void mix(benchmark::State& state) {
  std::size_t const t = size(state, 0), d = size(state, 1);
  operand<T> p(t, t), v(t, d), z(t, d);
  measure<Arch, T>(state, product(t, d, t + 1) / 2, [&] {
    if (Transposed)
      kernels::causal_mix_transposed<Arch, T>(p.view(), v.view(), z.view());
    else
      kernels::causal_mix<Arch, T>(p.view(), v.view(), z.view());
  });
}

template <class Arch, class T>
void register_all(std::string const& prefix) {
  auto const add = [&](char const* name, auto* run, std::vector<std::vector<std::int64_t>> shapes) {
    auto* const made = benchmark::RegisterBenchmark((prefix + name).c_str(), run);
    for (auto const& shape : shapes) made->Args(shape);
    made->UseManualTime()->MinTime(0.1);
  };
  using kernels::finish;
  add("A_B/MKN", a_b<Arch, T, finish::store>,
      {{4096, 256, 256},
       {8192, 256, 768},
       {8192, 256, 1024},
       {8192, 1024, 256},
       {8192, 256, 67},
       {256, 256, 256},
       {256, 256, 67},
       {256, 64, 256}});
  add("A_B_relu/MKN", a_b<Arch, T, finish::relu>, {{256, 256, 1024}});
  add("A_B_where_positive/MKN", a_b<Arch, T, finish::where_positive>, {{256, 256, 1024}});
  add("A_B_accumulate/MKN", a_b<Arch, T, finish::accumulate>, {{256, 1024, 256}});
  add("A_Bt/MKN", a_bt<Arch, T>, {{8192, 1024, 256}, {8192, 256, 1024}});
  add("At_B/RMN", at_b<Arch, T>,
      {{8192, 256, 1024},
       {8192, 256, 256},
       {256, 256, 256},
       {256, 256, 1024},
       {256, 1024, 256},
       {256, 67, 256}});
  add("cold_A_B/MKN", cold_a_b<Arch, T>, {{256, 256, 256}, {256, 256, 1024}, {256, 1024, 256}});
  add("cold_At_B/RMN", cold_at_b<Arch, T>, {{256, 256, 256}, {256, 256, 1024}, {256, 1024, 256}});
  add("scores/TD", scores<Arch, T>, {{256, 256}, {256, 64}});
  add("mix/TD", mix<Arch, T, false>, {{256, 256}, {256, 64}});
  add("mix_transposed/TD", mix<Arch, T, true>, {{256, 256}, {256, 64}});
}

bool const registered = [] {
  register_all<xsimd::default_arch, float>("float/");
  register_all<xsimd::default_arch, double>("double/");
  if constexpr (xsimd::fma3<xsimd::avx2>::supported() &&
                !std::is_same_v<xsimd::default_arch, xsimd::fma3<xsimd::avx2>>)
    register_all<xsimd::fma3<xsimd::avx2>, float>("float_avx2/");
  return true;
}();

} // namespace
