// SPDX-License-Identifier: MIT
#include "language_model/removals.hpp"

#include <dormant/dormant.hpp>
#include <dormant/intervention/replace.hpp>
#include <dormant/probe/mean_output.hpp>
#include <dormant/probe/sequence_loss.hpp>
#include <dormant/source/pretrained.hpp>

#include <cstddef>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

namespace language_model {

namespace {

/// Any of the library's removals, or none: one type, so that the pass
/// of each family is compiled once.
struct removal_at_work {
  std::variant<std::monostate, dm::ablate_head, dm::replace_head, dm::attend_only_to_bos,
               dm::zero_attention, dm::replace_attention, dm::zero_mlp, dm::replace_mlp,
               dm::zero_layer, dm::replace_layer>
      edit;

  void operator()(dm::site::pattern at, dm::view<float, 3>& x) const { at_site(at, x); }
  void operator()(dm::site::z at, dm::view<float, 3>& x) const { at_site(at, x); }
  void operator()(dm::site::attn_out at, dm::view<float, 2>& x) const { at_site(at, x); }
  void operator()(dm::site::mlp_out at, dm::view<float, 2>& x) const { at_site(at, x); }
  template <class Model>
  void require(Model const& model) const {
    std::visit(
        [&](auto const& e) {
          if constexpr (requires { e.require(model); }) e.require(model);
        },
        edit);
  }

private:
  template <class Site, class View>
  void at_site(Site at, View& x) const {
    std::visit(
        [&]<class Edit>(Edit const& e) {
          if constexpr (dm::edits<Edit, Site>) e(at, x);
        },
        edit);
  }
};

struct planned {
  removed_part part;
  removal_at_work edit;
};

/// All removals of a layer.
std::vector<planned> removals_of(std::size_t l, std::size_t heads, dm::mean_output const& means) {
  std::vector<planned> all;
  auto const add = [&](part what, std::size_t head, substitute by, auto edit) {
    all.push_back({{l, what, head, by, {}}, {std::move(edit)}});
  };
  for (std::size_t h = 0; h < heads; ++h) {
    add(part::head, h, substitute::zero, dm::ablate_head{.layer = l, .head = h});
    add(part::head, h, substitute::mean,
        dm::replace_head{.layer = l, .head = h, .value = means.head(l, h)});
    add(part::head, h, substitute::to_bos, dm::attend_only_to_bos{.layer = l, .head = h});
  }
  add(part::attention, 0, substitute::zero, dm::zero_attention{.layer = l});
  add(part::attention, 0, substitute::mean,
      dm::replace_attention{.layer = l, .value = means.attention(l)});
  add(part::mlp, 0, substitute::zero, dm::zero_mlp{.layer = l});
  add(part::mlp, 0, substitute::mean, dm::replace_mlp{.layer = l, .value = means.mlp(l)});
  add(part::layer, 0, substitute::zero, dm::zero_layer{.layer = l});
  add(part::layer, 0, substitute::mean,
      dm::replace_layer{.layer = l, .attention = means.attention(l), .mlp = means.mlp(l)});
  return all;
}

template <class Net>
all_removals measured(Net const& net, dm::batch const& rows, dm::execution how,
                      void (*done)(std::size_t, std::size_t)) {
  all_removals out{.layers = net.s().layers, .heads = net.s().heads};
  // The loss of the batch, of each row, and what layers show from the streams' on.
  auto const pass_from = [&](dm::residual_streams<float> streams, removal_at_work const& edit) {
    std::size_t const first = streams.layer;
    dm::sequence_loss losses;
    dm::attention_sink sink;
    dm::residual_peak peak;
    std::pair<double, pass_found> found;
    found.first =
        dm::evaluate_from(net, rows, std::move(streams), how, edit, losses, sink, peak).loss;
    found.second.layers.resize(out.layers);
    for (std::size_t b = 0; b < rows.rows(); ++b) {
      if (!rows.sequence(b).targets.empty()) found.second.losses.push_back(losses.of(b));
    }
    for (std::size_t l = first; l < out.layers; ++l) {
      found.second.layers[l] = {sink.mean(l), peak.bos(l), peak.other(l)};
    }
    return found;
  };
  auto streams = dm::residuals_of(net, rows, how);
  std::tie(out.loss, out.without) = pass_from(streams, {});
  for (std::size_t l = 0; l < out.layers; ++l) {
    dm::mean_output means;
    auto next = dm::advance(net, rows, streams, how, means);
    auto const all = removals_of(l, out.heads, means);
    for (auto const& [what, edit] : all) {
      out.parts.push_back(what);
      out.parts.back().found = pass_from(streams, edit).second;
      done(out.parts.size(), out.layers * all.size());
    }
    streams = std::move(next);
  }
  return out;
}

} // namespace

all_removals measure_removals(dm::model_folder const& folder, dm::batch const& rows,
                              dm::execution how, void (*done)(std::size_t, std::size_t)) {
  return dm::with_pretrained(folder,
                             [&](auto const& net) { return measured(net, rows, how, done); });
}

} // namespace language_model
