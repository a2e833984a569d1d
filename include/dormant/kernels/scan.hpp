// SPDX-License-Identifier: MIT
// Sums and products over all lanes before or after each lane, and the walk from a row's end that
// goes with them. A scan over n lanes is log2(n) shifts (Hillis and Steele, 10.1145/7902.7903).
#pragma once

#include "dormant/kernels/simd.hpp"

#include <cstddef>
#include <utility>

namespace dormant::kernels {

namespace detail {

/// One register out of two that lie behind each other, from lane `First` of `a` on.
template <std::size_t First, class Batch, std::size_t... Lane>
[[gnu::always_inline]] inline Batch window(Batch const& a, Batch const& b,
                                           std::index_sequence<Lane...>) {
  using reg = typename Batch::register_type;
  return Batch(__builtin_shufflevector(reg(a), reg(b), (First + Lane)...));
}

/// Each lane, already the product of `Step` lanes, times all lanes behind; ones follow the last.
template <std::size_t Step, class Batch>
[[gnu::always_inline]] inline Batch product_on(Batch const& v, Batch const& ones) {
  constexpr std::make_index_sequence<Batch::size> all;
  if constexpr (Step == Batch::size)
    return v;
  else
    return product_on<2 * Step>(v * window<Step>(v, ones, all), ones);
}

/// Each lane, already the sum of `Step` lanes, plus all lanes before; zeros precede the first.
template <std::size_t Step, class Batch>
[[gnu::always_inline]] inline Batch sum_up_to(Batch const& v, Batch const& zeros) {
  constexpr std::make_index_sequence<Batch::size> all;
  if constexpr (Step == Batch::size)
    return v;
  else
    return sum_up_to<2 * Step>(v + window<Batch::size - Step>(zeros, v, all), zeros);
}

template <std::size_t From, class Batch, std::size_t... Lane>
[[gnu::always_inline]] inline Batch spread(Batch const& v, std::index_sequence<Lane...>) {
  using reg = typename Batch::register_type;
  return Batch(__builtin_shufflevector(reg(v), reg(v), (Lane - Lane + From)...));
}

} // namespace detail

/// What a scan makes of one register.
template <class Batch>
struct scanned {
  Batch others; ///< in each lane, of all lanes on one side of it, itself left out
  Batch whole;  ///< in every lane, of all lanes
};

/// In each lane the product of the lanes after it.
template <class T, class Arch>
[[gnu::always_inline]] inline scanned<xsimd::batch<T, Arch>>
product_after(xsimd::batch<T, Arch> const& v) {
  constexpr std::make_index_sequence<xsimd::batch<T, Arch>::size> all;
  xsimd::batch<T, Arch> const ones(T(1));
  auto const others = detail::product_on<1>(detail::window<1>(v, ones, all), ones);
  return {others, detail::spread<0>(others * v, all)};
}

/// In each lane the sum of the lanes before it.
template <class T, class Arch>
[[gnu::always_inline]] inline scanned<xsimd::batch<T, Arch>>
sum_before(xsimd::batch<T, Arch> const& v) {
  constexpr std::size_t last = xsimd::batch<T, Arch>::size - 1;
  constexpr std::make_index_sequence<last + 1> all;
  xsimd::batch<T, Arch> const zeros(T(0));
  auto const others = detail::sum_up_to<1>(detail::window<last>(zeros, v, all), zeros);
  return {others, detail::spread<last>(others + v, all)};
}

/// Walks a row as `for_each_register` does, with something to carry: it begins as `carry` and
/// becomes `f(reg, i, carry)` at each register. A lambda is not inlined twice; let f be a struct
/// that says so.
template <class Arch, class T, class Carry, class F>
[[gnu::always_inline]] inline void fold_registers(std::size_t n, Carry carry, F const& f) {
  std::size_t i = 0;
  for (; i + lanes<Arch, T> <= n; i += lanes<Arch, T>)
    carry = f(full_register<Arch, T>{}, i, carry);
  if (i != n) f(part_register<Arch, T>{n - i}, i, carry);
}

/// The same from the end of the row to its beginning: the ragged register comes first.
template <class Arch, class T, class Carry, class F>
[[gnu::always_inline]] inline void fold_registers_backward(std::size_t n, Carry carry, F const& f) {
  std::size_t i = n - n % lanes<Arch, T>;
  if (i != n) carry = f(part_register<Arch, T>{n - i}, i, carry);
  while (i != 0) {
    i -= lanes<Arch, T>;
    carry = f(full_register<Arch, T>{}, i, carry);
  }
}

} // namespace dormant::kernels
