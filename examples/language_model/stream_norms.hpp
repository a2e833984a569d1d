// SPDX-License-Identifier: MIT
// Norms of the residual stream before and after each part, at token 0 and elsewhere, and their
// figure: which part raises the peak, and which takes it away.
#pragma once

#include "common/page.hpp"

#include <dormant/probe/norms.hpp>
#include <dormant/sites.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace language_model {

namespace dm = dormant;

/// As a layer reads the stream, as its attention leaves it, and as its MLP does. Where
/// both branches read the same stream (parallel wirings) there is nothing between
/// them, and those norms are NaN.
class stream_norms {
public:
  void operator()(dm::site::resid_pre at, dm::view<float const, 2> const& x) { add(pre_, at, x); }
  void operator()(dm::site::resid_mid at, dm::view<float const, 2> const& x) { add(mid_, at, x); }
  void operator()(dm::site::resid_post at, dm::view<float const, 2> const& x) { add(post_, at, x); }
  void merge(stream_norms const& later) {
    pre_ += later.pre_;
    mid_ += later.mid_;
    post_ += later.post_;
  }
  [[nodiscard]] dm::bos_norms pre(std::size_t layer) const { return pre_.at(layer); }
  [[nodiscard]] dm::bos_norms mid(std::size_t layer) const { return mid_.at(layer); }
  [[nodiscard]] dm::bos_norms post(std::size_t layer) const { return post_.at(layer); }

private:
  using of_layers = dm::per_layer<dm::bos_norms>;
  template <class Site>
  static void add(of_layers& norms, Site const& at, dm::view<float const, 2> const& x) {
    for (std::size_t t = 0; t < x.shape(0); ++t) {
      norms[at.layer].add(at.sequence.sink(t), x.shape(1), [&](std::size_t c) { return x(t, c); });
    }
  }
  of_layers pre_, mid_, post_;
};

namespace detail {
struct norms_at_place {
  std::string name;
  std::size_t layer; ///< that the place is in, or begins
  double at_0, elsewhere;
};
inline std::vector<norms_at_place> places_of(stream_norms const& norms, std::size_t layers) {
  auto const at = [](std::string name, std::size_t l, dm::bos_norms const& n) {
    return norms_at_place{std::move(name), l, n.bos.mean(), n.other.mean()};
  };
  std::vector<norms_at_place> all{at("the embedding", 0, norms.pre(0))};
  for (std::size_t l = 0; l < layers; ++l) {
    bool const in_turn = norms.mid(l).bos.count > 0;
    if (in_turn) all.push_back(at(fmt::format("attention of layer {}", l), l, norms.mid(l)));
    all.push_back(at(fmt::format("{}layer {}", in_turn ? "MLP of " : "", l), l + 1, norms.post(l)));
  }
  return all;
}
} // namespace detail

/// Lines over the places of the stream, on a logarithmic scale.
inline std::string drawn(stream_norms const& norms, std::size_t layers) {
  static constexpr std::string_view names[] = {"token 0", "other tokens"},
                                    colours[] = {"#d55e00", "#0067a5"};
  auto const places = detail::places_of(norms, layers);
  auto const value = [&](std::size_t place, std::size_t line) {
    return line == 0 ? places[place].at_0 : places[place].elsewhere;
  };
  double least = 1e300, most = 0; // NaN and 0 have no place on the scale
  for (std::size_t p = 0; p < places.size(); ++p) {
    for (std::size_t line : {0U, 1U}) {
      if (value(p, line) > 0) least = std::min(least, value(p, line));
      if (value(p, line) > most) most = value(p, line);
    }
  }
  if (most == 0) return "";
  double const low = std::floor(std::log10(least)),
               high = std::max(std::ceil(std::log10(most)), low + 1);
  double const left = 62, top = 40, width = 640, height = 260;
  auto const x = [&](std::size_t p) {
    return left + width * static_cast<double>(p) / static_cast<double>(places.size() - 1);
  };
  auto const y = [&](double norm) {
    return top + height * (high - std::log10(norm)) / (high - low);
  };
  std::string out = "<svg viewBox=\"0 0 730 356\" style=\"max-width:730px\" role=\"img\" "
                    "aria-label=\"Norm of the residual stream after each part\">";
  for (double power = low; power <= high; ++power) {
    out += fmt::format("<line x1=\"{0}\" x2=\"{1}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\" "
                       "stroke=\"var(--rule)\"/><text x=\"{3}\" y=\"{4:.1f}\" font-size=\"11\" "
                       "text-anchor=\"end\" fill=\"var(--muted)\">{5:g}</text>",
                       left, left + width, y(std::pow(10, power)), left - 6,
                       y(std::pow(10, power)) + 4, std::pow(10, power));
  }
  std::size_t const step = std::max<std::size_t>(1, layers / 16);
  for (std::size_t p = 0, named = 0; p < places.size(); ++p) {
    if (places[p].layer < named || places[p].layer == layers) continue;
    out += fmt::format("<text x=\"{:.1f}\" y=\"{}\" font-size=\"11\" text-anchor=\"middle\" "
                       "fill=\"var(--muted)\">{}</text>",
                       x(p), top + height + 18, places[p].layer);
    named = places[p].layer + step;
  }
  for (std::size_t line : {0U, 1U}) {
    std::string points, dots;
    for (std::size_t p = 0; p < places.size(); ++p) {
      double const norm = value(p, line);
      if (!(norm > 0)) continue;
      points += fmt::format("{:.1f},{:.1f} ", x(p), y(norm));
      dots += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3.5\" fill=\"{}\"><title>{}, "
                          "after {}: {:.4g}</title></circle>",
                          x(p), y(norm), colours[line], names[line], places[p].name, norm);
    }
    out += fmt::format("<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\"/>{}",
                       points, colours[line], dots);
    double const at = left + 110.0 * static_cast<double>(line);
    out += fmt::format("<circle cx=\"{}\" cy=\"18\" r=\"4\" fill=\"{}\"/><text x=\"{}\" y=\"22\" "
                       "font-size=\"12\" fill=\"var(--ink)\">{}</text>",
                       at + 5, colours[line], at + 14, names[line]);
  }
  return out +
         fmt::format("<text x=\"{}\" y=\"{}\" font-size=\"12\" fill=\"var(--muted)\">"
                     "as layer ... reads the stream{}</text></svg>\n",
                     left, top + height + 40,
                     norms.mid(0).bos.count > 0 ? "; between them, as attention leaves it" : "");
}

} // namespace language_model
