// SPDX-License-Identifier: MIT
// One more key that every query sees and that is no position: learned or zero, with a learned value
// or with none (key bias and key-value bias, arXiv 2410.10781).
#pragma once

#include "dormant/kernels/rows.hpp"
#include "dormant/part/attention/places.hpp"
#include "dormant/plan/plan.hpp"

#include <cstddef>

namespace dormant {

/// No such key.
struct no_extra_key {
  static constexpr std::size_t count = 0;
  constexpr no_extra_key(plan, sizes const&) {}
};

namespace detail {
/// A row of each head of keys and values, [KV, D]; none where it is zero.
template <bool Present>
struct extra_rows {
  weight w;
  constexpr extra_rows(plan d, sizes const& s, initial_value from)
      : w(d.table("weight", s.kv_heads, s.head_width, from, group::attention)) {}
};
template <>
struct extra_rows<false> {
  constexpr extra_rows(plan, sizes const&, initial_value) {}
};
} // namespace detail

/// \tparam Key whether it is learned; otherwise it is zero, and so is its score
/// \tparam Value whether it has a value; without one, weight on it is weight on nothing
template <bool Key, bool Value>
struct basic_extra_key {
  using place = dormant::place::extra_keys;
  using part = basic_extra_key;
  static constexpr std::size_t count = 1;

  detail::extra_rows<Key> key;
  detail::extra_rows<Value> value;
  column on_it; // [H, T] the weight on the key, on the way back its score's gradient

  constexpr basic_extra_key(plan d, sizes const& s)
      : key(d.in("extra_key"), s, initial_value::uniform),
        value(d.in("extra_value"), s, initial_value::zero), on_it(d.keep_column(s.heads)) {}

  /// The scores, after the last key that a query sees.
  template <class Pass, class Grid, class Keys, class M = typename Pass::matrix>
  void score(Pass const& p, M q, Grid s, Keys keys, typename Pass::T scale) const {
    for_each_query(p, s, keys, [&](std::size_t h, std::size_t i, auto* at) {
      *at = 0;
      if constexpr (Key) {
        *at = scale * dot(p, q.data + i * q.stride + h * p.s.head_width, row(p, key.w, h));
      }
    });
  }
  /// Moves what stands there, a weight or a gradient, out of the grid.
  template <class Pass, class Grid, class Keys>
  void take(Pass const& p, Grid a, Keys keys) const {
    for_each_query(p, a, keys, [&](std::size_t h, std::size_t i, auto* at) {
      p[on_it][h * p.s.context + i] = *at;
      *at = 0;
    });
  }
  /// And back.
  template <class Pass, class Grid, class Keys>
  void restore(Pass const& p, Grid a, Keys keys) const {
    for_each_query(p, a, keys, [&](std::size_t h, std::size_t i, auto* at) {
      *at = p[on_it][h * p.s.context + i];
    });
  }
  /// z += weight * value
  template <class Pass, class M = typename Pass::matrix>
  void mix([[maybe_unused]] Pass const& p, [[maybe_unused]] M z) const {
    if constexpr (Value) {
      for (std::size_t h = 0; h < p.s.heads; ++h) {
        for (std::size_t i = 0; i < p.length; ++i) {
          add(p, p[on_it][h * p.s.context + i], row(p, value.w, h),
              z.data + i * z.stride + h * p.s.head_width);
        }
      }
    }
  }
  /// Weights back to where the rule left them, and their gradient beside that of the others.
  template <class Pass, class Grid, class Keys, class M = typename Pass::matrix>
  void put_back(Pass const& p, M dz, Grid a, Grid d, Keys keys) const {
    for_each_query(p, a, keys, [&](std::size_t h, std::size_t i, auto* at) {
      auto const weight_on_it = *at = p[on_it][h * p.s.context + i];
      auto& g = d.data[static_cast<std::size_t>(at - a.data)];
      g = 0;
      if constexpr (Value) {
        auto const* const z = dz.data + i * dz.stride + h * p.s.head_width;
        g = dot(p, z, row(p, value.w, h));
        add(p, weight_on_it, z, gradient_row(p, value.w, h));
      }
    });
  }
  /// From the gradient of its scores, which was taken, those of q and of itself.
  template <class Pass, class M = typename Pass::matrix>
  void backward([[maybe_unused]] Pass const& p, [[maybe_unused]] M q, [[maybe_unused]] M dq,
                [[maybe_unused]] typename Pass::T scale) const {
    if constexpr (Key) {
      for (std::size_t h = 0; h < p.s.heads; ++h) {
        for (std::size_t i = 0; i < p.length; ++i) {
          auto const d = scale * p[on_it][h * p.s.context + i];
          std::size_t const c = h * p.s.head_width;
          add(p, d, row(p, key.w, h), dq.data + i * dq.stride + c);
          add(p, d, q.data + i * q.stride + c, gradient_row(p, key.w, h));
        }
      }
    }
  }

private:
  template <class Pass, class Grid, class Keys, class F>
  static void for_each_query(Pass const& p, Grid g, Keys keys, F f) {
    for (std::size_t h = 0; h < g.heads; ++h) {
      for (std::size_t i = 0; i < p.length; ++i) {
        f(h, i, g.data + h * g.head + i * g.stride + keys.last(i));
      }
    }
  }
  template <class Pass>
  static auto row(Pass const& p, weight w, std::size_t h) {
    return p[w] + p.kv_head(h) * p.s.head_width;
  }
  template <class Pass>
  static auto gradient_row(Pass const& p, weight w, std::size_t h) {
    return p.gradient(w) + p.kv_head(h) * p.s.head_width;
  }
  template <class Pass, class T = typename Pass::T>
  static T dot(Pass const& p, T const* a, T const* b) {
    return kernels::dot<typename Pass::arch, T>(a, b, p.s.head_width);
  }
  template <class Pass, class T = typename Pass::T>
  static void add(Pass const& p, T factor, T const* a, T* out) {
    kernels::add_scaled<typename Pass::arch, T>(factor, a, out, p.s.head_width);
  }
};

/// A learned key and value of each head.
using extra_key_value = basic_extra_key<true, true>;
/// A learned key alone: what is put on it is lost.
using extra_key = basic_extra_key<true, false>;

} // namespace dormant
