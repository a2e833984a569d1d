// SPDX-License-Identifier: MIT
// A pretrained model against everything that is known of it, site by site, and with parts removed.
#pragma once

#include "dormant/dormant.hpp"
#include "dormant/source/load.hpp"

#include "source/shared_models.hpp"

#include <map>
#include <string>
#include <type_traits>
#include <vector>

namespace golden_test {

using namespace dormant;

/// Values of all layers at the sites that are known, by their names in the files.
struct everything {
  std::map<std::string, std::vector<double>> seen;

  template <class Site>
  void keep(char const* name, Site at, auto const& values) {
    keep_as(sentence({"layer.", at.layer, ".", name}), values);
  }
  void keep_as(std::string const& name, auto const& values) {
    seen[name].assign(values.begin(), values.end());
  }
  // Known by head: [H, T, D].
  template <class Site>
  void keep_heads(char const* name, Site at, view<double const, 3> const& x) {
    auto& out = seen[sentence({"layer.", at.layer, ".", name})];
    out.clear();
    for (std::size_t h = 0; h < x.shape(1); ++h) {
      for (std::size_t t = 0; t < x.shape(0); ++t) {
        for (std::size_t d = 0; d < x.shape(2); ++d) out.push_back(x(t, h, d));
      }
    }
  }
  // clang-format off
  using rows = view<double const, 2>;
  using heads = view<double const, 3>;
  void operator()(site::resid_pre at, rows const& x) { keep("resid_pre", at, x); }
  void operator()(site::norm1 at, rows const& x) { keep("attn_in", at, x); }
  void operator()(site::q at, heads const& x) { keep_heads("q", at, x); }
  void operator()(site::k at, heads const& x) { keep_heads("k", at, x); }
  void operator()(site::v at, heads const& x) { keep_heads("v", at, x); }
  void operator()(site::rot_q at, heads const& x) { keep_heads("q_rope", at, x); }
  void operator()(site::rot_k at, heads const& x) { keep_heads("k_rope", at, x); }
  void operator()(site::scores at, heads const& x) { keep("attn_logits", at, x); }
  void operator()(site::pattern at, heads const& x) { keep("attn", at, x); }
  void operator()(site::z at, heads const& x) { keep_heads("head_out", at, x); }
  void operator()(site::attn_out at, rows const& x) { keep("attn_out", at, x); }
  void operator()(site::resid_mid at, rows const& x) { keep("resid_mid", at, x); }
  void operator()(site::mlp_out at, rows const& x) { keep("mlp_out", at, x); }
  void operator()(site::resid_post at, rows const& x) { keep("resid_post", at, x); }
  void operator()(site::final_norm, rows const& x) { keep_as("final_norm", x); }
  void operator()(site::logits, rows const& x) { keep_as("logits", x); }
  // clang-format on
  void merge(everything const& later) {
    for (auto const& [name, values] : later.seen) seen[name] = values;
  }
};

/// The logits of a batch of one sequence.
template <class Net, class... Hooks>
std::vector<double> logits_of(Net const& net, batch const& rows, Hooks&&... hooks) {
  record<site::logits, typename Net::scalar> logits;
  net.evaluate(rows, hooks..., logits);
  auto const all = logits.values(net.shape.layers - 1);
  return {all.begin(), all.end()};
}

/// Double weights against double arithmetic by others: nothing but the order of sums differs.
inline constexpr double bound = 1e-12;

template <class Family>
void agrees(std::string const& name) {
  if (shared_models::absent()) return;
  auto const folder = model_folder::open(shared_models::model(name));
  auto const family = Family::read(folder.config());
  shared_models::golden const known(name);
  auto const rows = known.ids();
  auto const net = load<double>(family, folder, rows.context());

  everything all;
  net.evaluate(rows, all);
  for (auto const& [site, values] : all.seen) {
    INFO(site);
    CHECK(shared_models::worst(values, known.values(site)) < bound);
  }
  CHECK(all.seen.size() > 30);
  auto const without = [&](char const* what, auto hook) {
    INFO(what);
    CHECK(shared_models::worst(logits_of(net, rows, hook), known.values(what)) < bound);
  };
  without("logits_zero_l1h2", ablate_head{.layer = 1, .head = 2});
  without("logits_tobos_l1h2", attend_only_to_bos{.layer = 1, .head = 2});
  without("logits_kill_mlp0", zero_mlp{.layer = 0});
  without("logits_kill_attn0", zero_attention{.layer = 0});

  // In float: 24 bits through three layers of widths under 100, summed in another order.
  auto const single = load<float>(family, folder, rows.context());
  CHECK(shared_models::worst(logits_of(single, rows), known.values("logits")) < 1e-5);
}

} // namespace golden_test
