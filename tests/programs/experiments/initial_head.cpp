// SPDX-License-Identifier: MIT
// Edits of initial weights: each moves its property to where it is told and leaves the rest alone;
// its control changes as much and moves neither.
#include "dormant/dormant.hpp"

#include "catch.hpp"
#include "experiments/initial_head.hpp"

#include <cmath>
#include <string>

namespace {

using namespace dormant;
namespace initial = paper::initial;

constexpr shape small{.width = 20, .vocab = 67, .context = 13};
using net = transformer<small, softmax, double>;

struct fixture {
  bigram_backcopy<small> task{{.seed = 5}};
  batch rows = task.sample(8);
  net model{{.seed = 3}};
  token bos = task.bos();
};

/// Frobenius norm of what changed in one tensor; the others must be as they were.
double changed_only(std::string const& name, net const& now, net const& before) {
  double square = 0, elsewhere = 0;
  for (auto const& t : net::plan::tensors) {
    for (std::size_t i = 0; i < t.size(); ++i) {
      double const by = now.parameters()[t.offset + i] - before.parameters()[t.offset + i];
      (tensor_name(t) == name ? square : elsewhere) += by * by;
    }
  }
  REQUIRE(elsewhere == 0);
  return std::sqrt(square);
}

initial::vector value_of_bos(net const& model, batch const& rows) {
  record<site::v, double> heard;
  evaluate(model, rows, {1, 1}, heard);
  auto const& v = heard.values(0); // [B, T, H, D]
  initial::vector out;
  for (std::size_t d = 0; d < small.width; ++d) out.push_back(v(0, 0, 0, d));
  return out;
}

} // namespace

TEST_CASE(
    "initial head: the score of the previous position is the mean of products of embeddings") {
  fixture f;
  auto const p = f.model.parameter("pos_embeddings.weight");
  auto const q = f.model.parameter(initial::wq), k = f.model.parameter(initial::wk);
  double sum = 0;
  for (std::size_t t = 1; t < small.context; ++t) {
    for (std::size_t r = 0; r < small.width; ++r) {
      double query = 0, key = 0;
      for (std::size_t c = 0; c < small.width; ++c) {
        query += q(r, c) * p(t, c);
        key += k(r, c) * p(t - 1, c);
      }
      sum += query * key;
    }
  }
  CHECK(initial::previous_score(f.model).first ==
        Approx(sum / std::sqrt(20.0) / 12).epsilon(1e-12));
}

TEST_CASE("initial head: the score is set exactly, by keys alone; the control leaves it as it is") {
  fixture f;
  auto edited = f.model, control = f.model;
  double const size = initial::set_previous_score(edited, -0.3);
  CHECK(initial::previous_score(edited).first == Approx(-0.3).epsilon(1e-10));
  CHECK(changed_only(initial::wk, edited, f.model) == Approx(size).epsilon(1e-10));
  initial::shake_keys(control, size, 1);
  CHECK(initial::previous_score(control).first ==
        Approx(initial::previous_score(f.model).first).epsilon(1e-9));
  CHECK(changed_only(initial::wk, control, f.model) == Approx(size).epsilon(1e-10));
  auto other = f.model;
  initial::shake_keys(other, size, 2);
  CHECK(changed_only(initial::wk, other, control) > size); // at another angle
}

TEST_CASE("initial head: the value of <s> moves by exactly what is added, as the model sees it") {
  fixture f;
  auto edited = f.model;
  initial::vector by(small.width);
  for (std::size_t d = 0; d < by.size(); ++d) by[d] = 0.1 * static_cast<double>(d) - 0.7;
  initial::add_to_value(edited, f.bos, by);
  CHECK(changed_only(initial::wv, edited, f.model) > 0);
  auto const before = value_of_bos(f.model, f.rows), now = value_of_bos(edited, f.rows);
  for (std::size_t d = 0; d < by.size(); ++d)
    CHECK(now[d] - before[d] == Approx(by[d]).margin(1e-10));
}

TEST_CASE("initial head: the harm of <s> is set by its value; a sideways move leaves it nearly") {
  fixture f;
  auto edited = f.model, control = f.model;
  double const before = initial::sink_harm(f.model, f.rows), wanted = before - 0.05;
  auto const change = initial::set_sink_harm(edited, f.bos, f.rows, wanted);
  CHECK(initial::sink_harm(edited, f.rows) == Approx(wanted).margin(1e-3));
  CHECK(changed_only(initial::wv, edited, f.model) > 0);
  auto const slope = initial::gradient_of_harm(f.model, f.bos, f.rows);
  auto const aside = initial::sideways(slope, initial::norm(change), 1);
  CHECK(initial::norm(aside) == Approx(initial::norm(change)).epsilon(1e-10));
  initial::add_to_value(control, f.bos, aside);
  CHECK(std::abs(initial::sink_harm(control, f.rows) - before) < 0.025);
}
