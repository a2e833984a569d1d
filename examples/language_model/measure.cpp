// SPDX-License-Identifier: MIT
#include "language_model/measure.hpp"

#include <dormant/dormant.hpp>
#include <dormant/source/pretrained.hpp>

#include <fmt/core.h>

#include <utility>

namespace language_model {

measurement measure(dm::model_folder const& folder, dm::batch const& rows, dm::execution how) {
  return dm::with_pretrained(folder, [&](auto const& net) {
    measurement m;
    m.s = net.s();
    m.loss = dm::evaluate(net, rows, how, m.sink, m.mass, m.entropy, m.gap, m.drain, m.peak,
                          m.massive, m.losses, m.sinks_of_rows, m.norms, m.later, m.first_row)
                 .loss;
    return m;
  });
}

std::vector<std::vector<double>> losses_without_heads(dm::model_folder const& folder,
                                                      dm::batch const& rows, dm::execution how,
                                                      removal by,
                                                      void (*done)(std::size_t, std::size_t)) {
  return dm::with_pretrained(folder, [&](auto const& net) {
    std::vector<std::vector<double>> all;
    std::size_t const heads = net.s().heads;
    // Layers before the head are as they were: a pass begins where they end.
    for (auto streams = dm::residuals_of(net, rows, how); streams.layer < net.s().layers;
         streams = dm::advance(net, rows, std::move(streams), how)) {
      for (std::size_t h = 0; h < heads; ++h) {
        dm::sequence_loss losses;
        if (by == removal::zero) {
          dm::evaluate_from(net, rows, streams, how,
                            dm::ablate_head{.layer = streams.layer, .head = h}, losses);
        } else {
          dm::evaluate_from(net, rows, streams, how,
                            dm::attend_only_to_bos{.layer = streams.layer, .head = h}, losses);
        }
        auto& of_rows = all.emplace_back();
        for (std::size_t b = 0; b < rows.rows(); ++b) of_rows.push_back(losses.of(b));
        done(all.size(), net.s().layers * heads);
      }
    }
    return all;
  });
}

std::size_t heads_of_a_layer(dm::model_folder const& folder) {
  return dm::with_family(folder, [](auto const& family) { return family.s.heads; });
}

std::string described(dm::model_folder const& folder) {
  return dm::with_pretrained(folder, [&](auto const& net) {
    auto const& s = net.s();
    return fmt::format("{}: {} layers, {} heads ({} of keys and values), width {}, MLP {}, "
                       "vocabulary {}, context {}",
                       folder.architecture(), s.layers, s.heads, s.kv_heads, s.width, s.hidden,
                       s.vocab, s.context);
  });
}

} // namespace language_model
