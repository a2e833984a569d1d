// SPDX-License-Identifier: MIT
// A pass that begins in the middle of a model, with the residual streams that were kept there,
// gives the bits of the pass from the tokens on.
#include "dormant/dormant.hpp"
#include "dormant/intervention/replace.hpp"
#include "dormant/probe/mean_output.hpp"
#include "dormant/probe/sequence_loss.hpp"
#include "dormant/source/save_folder.hpp"

#include "catch.hpp"
#include "error_of.hpp"
#include "io/scratch.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

using namespace dormant;

namespace {

constexpr shape small{
    .layers = 3, .heads = 4, .width = 24, .vocab = 31, .context = 16, .mlp_width = 20};

/// A random model of a family in a folder of its own, and texts of 9, 2, 1, 14 and 11 tokens.
template <class Family, class T = float>
struct in_files {
  Family family = Family::of(sizes(small), {});
  scratch::folder here;
  model_folder folder = saved();
  pretrained<Family, T> net{Family::read(folder.config()), folder};
  std::vector<std::vector<token>> texts = some_texts();
  batch rows = batch_of(texts);

  model_folder saved() {
    typename Family::template net<T> in_memory(sizes(small), {.seed = 3});
    random_stream draw(7, stream::parameters, 0, 0);
    for (auto const& t : in_memory.tensors()) {
      if (t.name.view().ends_with(".bias")) continue;
      for (auto& p : in_memory.parameters().subspan(t.offset, t.size())) {
        p += static_cast<T>(0.2 * draw.normal());
      }
    }
    save_folder<Family>(in_memory, here / "model");
    return model_folder::open(here / "model");
  }
  static std::vector<std::vector<token>> some_texts() {
    std::vector<std::vector<token>> out;
    for (std::size_t const n : {9U, 2U, 1U, 14U, 11U}) {
      auto& text = out.emplace_back();
      for (std::size_t t = 0; t < n; ++t) text.push_back(static_cast<token>((7 * n + 13 * t) % 31));
    }
    return out;
  }
  /// The streams before a layer, as they are without interventions.
  [[nodiscard]] residual_streams<T> before(std::size_t layer, execution how) const {
    auto x = residuals_of(net, rows, how);
    while (x.layer < layer) x = advance(net, rows, std::move(x), how);
    return x;
  }
};

/// Everything that the sites at and after a layer show, in the order of rows and layers.
template <class T>
struct shown {
  std::map<std::string, std::vector<T>> values;
  std::size_t from = 0;

  shown() = default;
  explicit shown(std::size_t first) : from(first) {}
  void operator()(site::embed at, view<T const, 2> const& x) { keep(at, "embed", x); }
  void operator()(site::pattern at, view<T const, 3> const& x) { keep(at, "pattern", x); }
  void operator()(site::resid_post at, view<T const, 2> const& x) { keep(at, "resid_post", x); }
  void operator()(site::logits at, view<T const, 2> const& x) { keep(at, "logits", x); }
  void merge(shown const& later) { values.insert(later.values.begin(), later.values.end()); }
  [[nodiscard]] shown empty() const { return shown(from); }

private:
  void keep(auto const& at, std::string const& name, auto const& x) {
    if (at.layer < from) return;
    auto const key = name + std::to_string(at.layer) + "/" + std::to_string(at.sequence.index);
    values[key].assign(x.begin(), x.end());
  }
};

template <class Family, class T>
void same_from_every_layer() {
  in_files<Family, T> const m;
  mean_output_of<T> means;
  evaluate(m.net, m.rows, {}, means);
  for (execution const how : {execution{.threads = 1}, execution{.threads = 2, .shards = 3}}) {
    for (std::size_t l = 0; l <= small.layers; ++l) {
      INFO("layer " << l);
      auto const streams = m.before(l, how);
      CHECK(streams.layer == l);
      auto const same = [&](auto const&... hooks) {
        shown<T> whole, begun(std::min(l, small.layers - 1)); // logits are the last layer's
        auto const known = evaluate(m.net, m.rows, how, hooks..., whole);
        auto const found = evaluate_from(m.net, m.rows, streams, how, hooks..., begun);
        CHECK(found.loss == known.loss);
        CHECK(begun.values.size() == (2 * (small.layers - l) + 1) * m.rows.rows());
        for (auto const& [key, values] : begun.values) CHECK(whole.values.at(key) == values);
        return found.loss;
      };
      double const plain = same();
      if (l == small.layers) continue;
      std::vector<double> const others{
          same(ablate_head{.layer = l, .head = 1}),
          same(attend_only_to_bos{.layer = l, .head = 0}),
          same(zero_attention{.layer = l}),
          same(zero_mlp{.layer = l}),
          same(zero_layer{.layer = l}),
          same(replace_head{.layer = l, .head = 3, .value = means.head(l, 3)}),
          same(replace_attention{.layer = l, .value = means.attention(l)}),
          same(replace_mlp{.layer = l, .value = means.mlp(l)}),
          same(replace_layer{.layer = l, .attention = means.attention(l), .mlp = means.mlp(l)})};
      for (double const loss : others) CHECK(loss != plain);
      same(ablate_head{.layer = l, .head = 1}, zero_mlp{.layer = small.layers - 1});
    }
  }
}

} // namespace

TEST_CASE("a pass from a layer on has the bits of the whole pass, under any removal", "[source]") {
  same_from_every_layer<llama, float>();
}

TEST_CASE("so it has in double and with branches in parallel", "[source]") {
  same_from_every_layer<gpt_neox<true>, double>();
}

TEST_CASE("kept residual streams are what the layer reads", "[source]") {
  in_files<llama> const m;
  shown<float> seen;
  evaluate(m.net, m.rows, {}, seen);
  for (std::size_t l = 0; l <= small.layers; ++l) {
    auto const x = m.before(l, {});
    for (std::size_t b = 0; b < m.rows.rows(); ++b) {
      auto const key = (l == 0 ? "embed0/" : "resid_post" + std::to_string(l - 1) + "/");
      auto const& known = seen.values.at(key + std::to_string(b));
      REQUIRE(known.size() == m.texts[b].size() * small.width);
      CHECK(std::equal(known.begin(), known.end(), x.of(b).begin()));
    }
  }
}

TEST_CASE("streams go through a layer with its hooks, and the ones before stay", "[source]") {
  in_files<llama> const m;
  auto const before = m.before(1, {});
  mean_output means;
  auto const after = advance(m.net, m.rows, before, {}, means, zero_layer{.layer = 1});
  CHECK(before.layer == 1);
  CHECK(after.layer == 2);
  CHECK((after.of(3) == before.of(3)));
  CHECK(means.attention(1).size() == small.width);
  CHECK(means.attention(0).empty());
  CHECK(evaluate_from(m.net, m.rows, after, {}).loss ==
        evaluate(m.net, m.rows, {}, zero_layer{.layer = 1}).loss);
  // A row may be given another's stream, as patching does.
  auto patched = before;
  patched.of(3) = before.of(4);
  sequence_loss plain, changed;
  evaluate_from(m.net, m.rows, before, {}, plain);
  evaluate_from(m.net, m.rows, patched, {}, changed);
  CHECK(changed.of(0) == plain.of(0));
  CHECK(changed.of(3) != plain.of(3));
}

TEST_CASE("streams that do not fit, and layers that are not run, are refused", "[source]") {
  in_files<llama> const m;
  auto const x = m.before(2, {});
  auto const say = [&](auto hook) {
    return error_of([&] { evaluate_from(m.net, m.rows, x, {}, hook); });
  };
  CHECK(say(ablate_head{.layer = 1}) ==
        "ablate_head: layer 1 is not run; the pass begins before layer 2 and ends before layer 3");
  CHECK(say(ablate_head{.layer = 3}) ==
        "ablate_head: the model has no layer 3; it has 3, counted from 0");
  CHECK(
      error_of([&] { (void)advance(m.net, m.rows, m.before(1, {}), {}, zero_mlp{.layer = 2}); }) ==
      "zero_mlp: layer 2 is not run; the pass begins before layer 1 and ends before layer 2");
  auto const fewer = m.rows.only(0);
  CHECK(error_of([&] { evaluate_from(m.net, fewer, x, {}); }) ==
        "residual streams of 5 rows of 14 positions and 24 channels are not those of this batch, "
        "which has 1 rows of 14, in a model of width 24");
  auto gone = x;
  auto const taken = std::move(gone);
  CHECK(error_of([&] { evaluate_from(m.net, m.rows, gone, {}); }).find("residual streams of") == 0);
  CHECK(error_of([&] { (void)advance(m.net, m.rows, m.before(3, {}), {}); }) ==
        "advance: the residual streams have passed the last layer, 2");
  auto beyond = x;
  beyond.layer = 4;
  CHECK(error_of([&] { evaluate_from(m.net, m.rows, beyond, {}); }) ==
        "residual streams before layer 4, but the model has 3 layers, counted from 0");
}
