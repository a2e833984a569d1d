// SPDX-License-Identifier: MIT
// A real Llama of 260,032 parameters, trained on TinyStories.
#include "source/golden.hpp"

using namespace dormant;

namespace {

auto stories(char const* form) {
  return model_folder::open(shared_models::model("stories260k") / form);
}

} // namespace

TEST_CASE("a trained Llama, read from shards, computes what others compute", "[source]") {
  if (shared_models::absent()) return;
  shared_models::golden const known("stories260k");
  auto const folder = stories("sharded");
  auto const rows = known.ids();
  auto const net = load<double>(llama::read(folder.config()), folder, rows.context());
  CHECK(shared_models::worst(golden_test::logits_of(net, rows), known.values("logits")) <
        golden_test::bound);
}

TEST_CASE("weights in bf16 are what the files hold, so logits are near those of float weights",
          "[source]") {
  if (shared_models::absent()) return;
  shared_models::golden const known("stories260k");
  auto const folder = stories("bf16");
  auto const rows = known.ids();
  auto const net = load<float>(llama::read(folder.config()), folder, rows.context());
  // 8 bits a weight, five layers: measured 0.0054 of the largest logit.
  CHECK(shared_models::worst(golden_test::logits_of(net, rows), known.values("logits")) < 0.01);
}

TEST_CASE("greedy continuation is the same token for token", "[source][slow]") {
  if (shared_models::absent()) return;
  shared_models::golden const known("stories260k");
  auto const folder = stories("sharded");
  auto const prompt = known.ids();
  auto const next = known.tokens("greedy_next64");
  auto const net =
      load<float>(llama::read(folder.config()), folder, prompt.context() + next.size());
  auto const first = prompt.tokens(0).first(5);
  std::vector<token> text(first.begin(), first.end());
  for (auto const id : next) {
    batch so_far(1, text.size(), nullptr, false);
    std::copy(text.begin(), text.end(), so_far.tokens(0).begin());
    auto const logits = golden_test::logits_of(net, so_far);
    auto const last = logits.end() - static_cast<std::ptrdiff_t>(net.shape.vocab);
    auto const likeliest = static_cast<token>(std::max_element(last, logits.end()) - last);
    REQUIRE(likeliest == id);
    text.push_back(likeliest);
  }
}
