// SPDX-License-Identifier: MIT
// Names of measurements: old ones are read as today's, misspelt ones
// are refused with what there is.
#include "dormant/probe/names.hpp"

#include "catch.hpp"
#include "error_of.hpp"

#include <map>
#include <string>

using namespace dormant;

TEST_CASE("names: the header of an earlier metrics.csv has today's names") {
  std::map<std::string, std::string> const names = {
      {"attention_on_bos_0", "attention_sink.mean.0"},
      {"attention_on_bos_from_non_triggers_12", "attention_sink.on_background.12"},
      {"sink_logit_gap_1", "sink_logit_gap.mean.1"},
      {"sink_logit_gap_p10_0", "sink_logit_gap.p10.0"},
      {"sink_logit_gap_p90_10", "sink_logit_gap.p90.10"},
      {"value_norm_bos_2", "value_drain.bos.2"},
      {"value_norm_other_2", "value_drain.other.2"},
      {"residual_norm_bos_0", "residual_peak.bos.0"},
      {"residual_norm_other_0", "residual_peak.other.0"},
      {"bigram_risk", "risk.bigram"},
      {"backcopy_risk", "risk.backcopy"},
      {"gradient layers.0.attention.wq.weight",
       "tensor_norms.gradient.layers.0.attention.wq.weight"},
      {"update output.weight", "tensor_norms.update.output.weight"}};
  for (auto const& [before, now] : names) {
    CHECK(current_name(before) == now);
    CHECK(current_name(now) == now);
  }
}

TEST_CASE("names: what was never renamed stays") {
  for (auto const* name : {"", "step", "loss", "0", "_0", "value_norm_bos", "value_norm_bos_",
                           "value_norm_bos0", "gap_of_token_3", "peak_0", "updates", "gradients"}) {
    CHECK(current_name(name) == name);
  }
}

TEST_CASE("names: one that nothing has is refused with what there is, the nearest first") {
  CHECK(error_of([] {
          refuse_name("the table", "residual_peak.boss.1",
                      {"step", "residual_peak.other.1", "residual_peak.bos.1"});
        }) ==
        "the table has nothing named 'residual_peak.boss.1'; it has, the nearest names first: "
        "residual_peak.bos.1, residual_peak.other.1, step");
  // A name of an earlier version leads to today's.
  CHECK(error_of([] {
          refuse_name("the table", "value_norm_bos_0", {"step", "value_drain.bos.0", "value"});
        }).find("first: value_drain.bos.0, ") != std::string::npos);
  CHECK(error_of([] { refuse_name("the table", "loss", {}); }) ==
        "the table has nothing named 'loss'; it is empty");
}
