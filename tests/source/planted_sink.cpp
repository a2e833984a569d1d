// SPDX-License-Identifier: MIT
// A Llama into which one active-dormant head was planted by hand, with its sink, drain and peak:
// the probes of the toy task find that head, and no other.
#include "dormant/dormant.hpp"
#include "dormant/source/pretrained.hpp"

#include "source/shared_models.hpp"

using namespace dormant;

namespace {

struct planted {
  model_folder folder = model_folder::open(shared_models::model("planted_sink"));
  pretrained<llama> net{llama::read(folder.config()), folder};
  shared_models::golden known{"planted_sink"};

  /// Texts of a domain, in each of which the last token predicts nothing.
  [[nodiscard]] batch texts(char const* domain) const {
    auto const ids = known.ids(std::string(domain) + ".ids");
    batch rows(ids.rows(), ids.context(), nullptr, false);
    for (std::size_t b = 0; b < ids.rows(); ++b) {
      rows.set_text(b, ids.tokens(b).first(ids.context()));
    }
    return rows;
  }
};

} // namespace

TEST_CASE("a planted sink, drain and peak are found in their head and nowhere else", "[source]") {
  if (shared_models::absent()) return;
  planted const m;
  for (char const* const domain : {"A", "B"}) {
    INFO(domain);
    auto const of = [&](char const* what) { return m.known.values(std::string(domain) + what); };
    auto const rows = m.texts(domain);
    attention_sink sink;
    value_drain drain;
    residual_peak peak;
    auto const found = m.net.evaluate(rows, sink, drain, peak);
    CHECK(found.loss == Approx(of(".nll")[0]).epsilon(1e-5));
    auto const attention = of(".attn0"), loss_change = of(".zero_dnll"), norm = of(".resid0");
    for (std::size_t l = 0; l < 3; ++l) {
      CHECK(peak.bos(l) == Approx(norm[l]).epsilon(1e-5));
      for (std::size_t h = 0; h < 4; ++h) {
        INFO("layer " << l << ", head " << h);
        CHECK(sink.mean(l, h) == Approx(attention[l * 4 + h]).margin(0.02));
        auto const without = m.net.evaluate(rows, ablate_head{.layer = l, .head = h});
        CHECK(without.loss - found.loss == Approx(loss_change[l * 4 + h]).margin(1e-5));
      }
    }
    CHECK(peak.bos(0) == Approx(399.8).epsilon(1e-3));
    CHECK(peak.bos(2) == Approx(3.17).epsilon(1e-2));
    CHECK(drain.ratio(1, 0) < 0.03);
  }
}

TEST_CASE("the planted head is dormant on one domain and active on the other", "[source]") {
  if (shared_models::absent()) return;
  planted const m;
  auto const measure = [&](char const* domain) {
    auto const rows = m.texts(domain);
    attention_sink sink;
    double const with = m.net.evaluate(rows, sink).loss;
    double const without = m.net.evaluate(rows, ablate_head{.layer = 1, .head = 0}).loss;
    return std::pair(sink.mean(1, 0), without - with);
  };
  auto const [dormant_attention, dormant_change] = measure("A");
  auto const [active_attention, active_change] = measure("B");
  CHECK(dormant_attention == Approx(1).margin(1e-3));
  CHECK(dormant_change == Approx(-0.0136).margin(1e-4));
  CHECK(active_attention == Approx(0).margin(1e-3));
  CHECK(active_change == Approx(0.7649).margin(1e-4));
}
