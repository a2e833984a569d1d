// SPDX-License-Identifier: MIT
#include "../part_cases.hpp"

using namespace part_cases;

static cases_of const rezeros([](part_writer const& to) {
  json all = layers("rms_norm", attention_words(), mlp_words("plain", "gelu", false));
  for (auto& layer : all) layer["wiring"] = "rezero";
  using one = block<rezero<rms_norm, attention<softmax>>, rezero<rms_norm, mlp<gelu>>>;
  to.model<stack<one, one, one, one, one, one>>("rezero", {{"layers", all}});
});
