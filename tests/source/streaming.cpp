// SPDX-License-Identifier: MIT
// A model that stays in its files gives the bits of the model in memory.
#include "dormant/dormant.hpp"
#include "dormant/source/pretrained.hpp"

#include "source/shared_models.hpp"

#include <map>
#include <span>
#include <vector>

using namespace dormant;

namespace {

/// The logits of every row, by its number.
struct rows_of_logits {
  std::map<std::size_t, std::vector<double>> rows;
  void operator()(site::logits at, view<double const, 2> const& logits) {
    rows[at.sequence.index] = {logits.begin(), logits.end()};
  }
  void merge(rows_of_logits const& later) { rows.insert(later.rows.begin(), later.rows.end()); }
};

struct llama_in_files {
  model_folder folder = model_folder::open(shared_models::model("llama_gqa_untied"));
  llama family = llama::read(folder.config());
  pretrained<llama, double> streamed{family, folder};
  transformer<at_run_time,
              block<residual<rms_norm, attention<softmax, biases, rotary<>>>,
                    residual<rms_norm, gated_mlp<silu, biased>>>,
              no_positions, last_norm<rms_norm>, double>
      in_memory = load<double>(family, folder, 32);
};

/// Texts of 9, 2, 1 and 14 tokens.
std::vector<std::vector<token>> texts() {
  std::vector<std::vector<token>> out;
  for (std::size_t const n : {9U, 2U, 1U, 14U}) {
    auto& text = out.emplace_back();
    for (std::size_t t = 0; t < n; ++t) text.push_back(static_cast<token>((7 * n + 13 * t) % 96));
  }
  return out;
}

template <class... Hooks>
rows_of_logits logits_of(auto const& net, batch const& rows, execution how, Hooks&&... hooks) {
  rows_of_logits logits;
  evaluate(net, rows, how, hooks..., logits);
  return logits;
}

} // namespace

TEST_CASE("a streamed model has the bits of the model in memory, with and without interventions",
          "[source]") {
  if (shared_models::absent()) return;
  llama_in_files const m;
  auto const all = texts();
  auto const rows = batch_of(all);
  auto const same = [&](auto... hooks) {
    auto const known = logits_of(m.in_memory, rows, {.threads = 1}, hooks...);
    CHECK(known.rows.size() == all.size());
    CHECK(logits_of(m.streamed, rows, {.threads = 1}, hooks...).rows == known.rows);
    CHECK(logits_of(m.streamed, rows, {.threads = 3, .shards = 3}, hooks...).rows == known.rows);
  };
  same();
  same(ablate_head{.layer = 1, .head = 2});
  same(attend_only_to_bos{.layer = 2, .head = 0}, zero_mlp{.layer = 0});
  CHECK(m.streamed.evaluate(rows).loss == m.in_memory.evaluate(rows).loss);
}

TEST_CASE("what a text gives does not depend on the texts beside it", "[source]") {
  if (shared_models::absent()) return;
  llama_in_files const m;
  auto const all = texts();
  auto together = logits_of(m.streamed, batch_of(all), {});
  for (std::size_t b = 0; b < all.size(); ++b) {
    auto alone = logits_of(m.streamed, batch_of(std::span(all).subspan(b, 1)), {});
    CHECK(alone.rows.at(0) == together.rows.at(b));
  }
}

TEST_CASE("probes of values in the residual stream see those of the model in memory", "[source]") {
  if (shared_models::absent()) return;
  llama_in_files const m;
  auto const rows = batch_of(std::span<std::vector<token> const>(texts()).first(1));
  record<site::value_out, double> streamed, in_memory;
  m.streamed.evaluate(rows, streamed);
  m.in_memory.evaluate(rows, in_memory);
  for (std::size_t l = 0; l < 3; ++l) CHECK((streamed.values(l) == in_memory.values(l)));
}

TEST_CASE("tokens and layers that a streamed model does not have are refused", "[source]") {
  if (shared_models::absent()) return;
  llama_in_files const m;
  std::vector<std::vector<token>> all{{1, 96}};
  CHECK_THROWS_WITH(m.streamed.evaluate(batch_of(all)),
                    "sequence 0, position 1: token 96 is outside the vocabulary of 96");
  all = {{1, 2}};
  CHECK_THROWS_WITH(m.streamed.evaluate(batch_of(all), ablate_head{.layer = 3}),
                    "ablate_head: the model has no layer 3; it has 3, counted from 0");
  all = {{}};
  CHECK_THROWS_WITH(batch_of(all), Catch::StartsWith("a text of 0 tokens"));
}
