// SPDX-License-Identifier: MIT
// q_t and k_t turned by the angle of their position: rotary embedding (arXiv 2104.09864).
#pragma once

#include "dormant/error.hpp"
#include "dormant/kernels/rotary.hpp"
#include "dormant/part/attention/options.hpp"
#include "dormant/part/attention/places.hpp"
#include "dormant/part/attention/steps.hpp"
#include "dormant/plan/plan.hpp"

#include <cmath>
#include <cstddef>

namespace dormant {

/// Rotary embedding, of whole heads or of their first dimensions, as it is or stretched by the
/// rules of Llama 3 and YaRN; see `rotary_options`.
template <class Options = from_sizes>
struct rotary {
  using place = dormant::place::heads;
  using part = rotary;
  using sites = site_list<site::rot_q, site::rot_k>;

  constant cos, sin; // [T, half of the dimensions that turn]

  constexpr rotary(plan d, sizes const& s)
      : cos(d.fixed_table(s.context, turned(s) / 2, &cosine)),
        sin(d.fixed_table(s.context, turned(s) / 2, &sine)) {}

  template <class Pass, class In>
  In forward(Pass const& p, typename Pass::matrix, In in) const {
    turn(p, in, false);
    p.show(site::rot_q{}, in.q);
    p.show(site::rot_k{}, in.k);
    return in;
  }
  template <class Pass, class In, class M = typename Pass::matrix>
  void backward(Pass const& p, M, In const&, In const& d, M) const {
    p.show(site::gradient_of<site::rot_q>{}, d.q);
    p.show(site::gradient_of<site::rot_k>{}, d.k);
    turn(p, d, true);
  }

private:
  static constexpr std::size_t turned(sizes const& s) {
    std::size_t const n = Options::rotary(s).dimensions;
    std::size_t const all = n == 0 ? s.head_width : n;
    if (all % 2 != 0 || all > s.head_width) {
      refuse({"rotary embedding turns pairs of a head's ", s.head_width,
              " dimensions, so an even number of them; found ", all});
    }
    return all;
  }
  template <class Pass, class In>
  void turn(Pass const& p, In const& x, bool back) const {
    using T = typename Pass::T;
    using arch = typename Pass::arch;
    std::size_t const d = p.s.head_width, n = turned(p.s);
    bool const interleaved = Options::rotary(p.s).interleaved;
    kernels::rotate<arch, T>(x.q, p.s.heads, d, n, p[cos], p[sin], interleaved, back);
    kernels::rotate<arch, T>(x.k, p.s.kv_heads, d, n, p[cos], p[sin], interleaved, back);
  }

  // Radians after t positions, of the i-th pair.
  static double angle(sizes const& s, std::size_t t, std::size_t i) {
    using stretch = rotary_options::stretch;
    auto const& o = Options::rotary(s);
    std::size_t const n = turned(s);
    double f = std::pow(o.base, -2 * static_cast<double>(i) / static_cast<double>(n));
    if (o.scaling == stretch::llama3) f = kernels::scaled_frequency(f, o.llama3);
    if (o.scaling == stretch::yarn) f = kernels::scaled_frequency(f, o.yarn, o.base, n, i);
    return static_cast<double>(t) * f;
  }
  static double magnitude(sizes const& s) {
    auto const& o = Options::rotary(s);
    return o.scaling == rotary_options::stretch::yarn ? kernels::attention_factor(o.yarn) : 1;
  }
  static double cosine(sizes const& s, std::size_t t, std::size_t i) {
    return magnitude(s) * std::cos(angle(s, t, i));
  }
  static double sine(sizes const& s, std::size_t t, std::size_t i) {
    return magnitude(s) * std::sin(angle(s, t, i));
  }
};

} // namespace dormant
