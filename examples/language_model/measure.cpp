// SPDX-License-Identifier: MIT
#include "language_model/measure.hpp"

#include <dormant/dormant.hpp>
#include <dormant/source/pretrained.hpp>

#include <fmt/core.h>

namespace language_model {

namespace {
/// f(net) with the folder's model, which stays in its files.
template <class F>
decltype(auto) with_model(dm::model_folder const& folder, F&& f) {
  return dm::with_family(folder, [&](auto const& family) {
    return f(dm::pretrained<std::remove_cvref_t<decltype(family)>>(family, folder));
  });
}
} // namespace

measurement measure(dm::model_folder const& folder, dm::batch const& rows, dm::execution how) {
  return with_model(folder, [&](auto const& net) {
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
  return with_model(folder, [&](auto const& net) {
    std::vector<std::vector<double>> all;
    std::size_t const heads = net.s().layers * net.s().heads;
    for (std::size_t i = 0; i < heads; ++i) {
      std::size_t const layer = i / net.s().heads, head = i % net.s().heads;
      dm::sequence_loss losses;
      if (by == removal::zero) {
        dm::evaluate(net, rows, how, dm::ablate_head{.layer = layer, .head = head}, losses);
      } else {
        dm::evaluate(net, rows, how, dm::attend_only_to_bos{.layer = layer, .head = head}, losses);
      }
      auto& of_rows = all.emplace_back();
      for (std::size_t b = 0; b < rows.rows(); ++b) of_rows.push_back(losses.of(b));
      done(i + 1, heads);
    }
    return all;
  });
}

std::size_t heads_of_a_layer(dm::model_folder const& folder) {
  return dm::with_family(folder, [](auto const& family) { return family.s.heads; });
}

std::string described(dm::model_folder const& folder) {
  return with_model(folder, [&](auto const& net) {
    auto const& s = net.s();
    return fmt::format("{}: {} layers, {} heads ({} of keys and values), width {}, MLP {}, "
                       "vocabulary {}, context {}",
                       folder.architecture(), s.layers, s.heads, s.kv_heads, s.width, s.hidden,
                       s.vocab, s.context);
  });
}

} // namespace language_model
