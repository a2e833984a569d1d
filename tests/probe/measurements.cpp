// SPDX-License-Identifier: MIT
// The table of docs/measurements.md is the names that the library's probes report, and no others.
#include "dormant/dormant.hpp"
#include "dormant/probe/attention_entropy.hpp"
#include "dormant/probe/broadcast_sink.hpp"
#include "dormant/probe/gradient_sink.hpp"
#include "dormant/probe/head_dormancy.hpp"
#include "dormant/probe/key_geometry.hpp"
#include "dormant/probe/key_mass.hpp"
#include "dormant/probe/massive_activations.hpp"
#include "dormant/probe/matrix_entropy.hpp"
#include "dormant/probe/quantisation_error.hpp"
#include "dormant/probe/score_gap.hpp"
#include "dormant/probe/secondary_sinks.hpp"
#include "dormant/probe/sink_rate.hpp"
#include "dormant/probe/spectral_norms.hpp"
#include "dormant/probe/spike_mass.hpp"
#include "dormant/theory/reading.hpp"

#include "catch.hpp"

#include <cstddef>
#include <fstream>
#include <set>
#include <string>
#include <string_view>

namespace {

using namespace dormant;

/// `attention_sink.mean.1.0` as the table writes it: `attention_sink.mean.layer[.head]`.
struct forms {
  std::set<std::string> of_layers, of_heads, others;

  void add(std::string const& name) {
    for (std::string const of : {"tensor_norms.gradient.", "tensor_norms.update.",
                                 "spectral_norms.gradient.", "spectral_norms.update."}) {
      if (name.starts_with(of)) return void(others.insert(of + "tensor"));
    }
    std::string const of_site = "quantisation_error.resid_post.";
    auto const without =
        cut(name.starts_with(of_site) ? "quantisation_error.site." + name.substr(of_site.size())
                                      : name);
    if (without == name) return void(others.insert(name));
    auto const base = cut(without);
    (base == without ? of_layers : of_heads).insert(base);
  }
  [[nodiscard]] std::set<std::string> names() const {
    auto all = others;
    for (auto const& name : of_layers)
      all.insert(name + (of_heads.contains(name) ? ".layer[.head]" : ".layer"));
    for (auto const& name : of_heads) CHECK(of_layers.contains(name));
    return all;
  }

private:
  /// Without a number at the end.
  static std::string cut(std::string const& name) {
    auto const dot = name.rfind('.');
    bool const number = dot != std::string::npos && dot + 1 < name.size() &&
                        name.find_first_not_of("0123456789", dot + 1) == std::string::npos;
    return number ? name.substr(0, dot) : name;
  }
};

template <class Net, class... Probes>
void report(forms& to, Probes... probes) {
  bigram_backcopy<Net::shape> const task({.seed = 1});
  Net net({.seed = 1});
  history log(every{1}, std::move(probes)...);
  train(net, task, sgd{}, {.steps = 1, .batch = 2}, log);
  for (auto const& [name, value] : log.rows().front().cells()) to.add(name);
}

std::set<std::string> names_in_table() {
  std::ifstream file(DORMANT_SOURCE_DIR "/docs/measurements.md");
  std::set<std::string> names;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("| `")) continue;
    names.insert(line.substr(3, line.find('`', 3) - 3));
  }
  return names;
}

} // namespace

TEST_CASE("measurements: the documented names are those that probes report") {
  constexpr shape two{.layers = 2, .heads = 2, .width = 20, .vocab = 67, .context = 13};
  forms seen;
  report<transformer<two, softmax>>(seen, attention_sink{}, value_drain{}, residual_peak{},
                                    sink_logit_gap{}, risk{}, tensor_norms{});
  report<transformer<two, softmax>>(seen, score_gap{}, key_mass{}, attention_entropy{},
                                    massive_activations{});
  report<transformer<two, softmax>>(
      seen, gradient_sink{}, head_dormancy{}, sink_rate{}, spike_mass{}, quantisation_error<>{},
      matrix_entropy{}, key_geometry{}, broadcast_sink{}, secondary_sinks{}, spectral_norms{});
  constexpr shape one{.width = 20, .vocab = 67, .context = 13};
  report<transformer<one, softmax>>(seen, theory::reading{});
  CHECK(names_in_table() == seen.names());
}

TEST_CASE("measurements: with one head a layer is reported once") {
  constexpr shape one{.width = 20, .vocab = 67, .context = 13};
  forms seen;
  report<transformer<one, softmax>>(seen, attention_sink{}, value_drain{}, sink_logit_gap{});
  CHECK(seen.of_heads.empty());
  CHECK(seen.of_layers.contains("attention_sink.on_background"));
}
