// SPDX-License-Identifier: MIT
// Spectral norms of gradients and updates, against power iteration and in training.
#include "dormant/probe/spectral_norms.hpp"
#include "dormant/cadence.hpp"
#include "dormant/optimizer/sgd.hpp"
#include "dormant/probe/tensor_norms.hpp"
#include "dormant/train.hpp"

#include "by_hand.hpp"
#include "error_of.hpp"

#include <cmath>
#include <string>
#include <vector>

using namespace dormant;
using by_hand::small;

namespace {
static_assert(observes<spectral_norms, site::gradient> && observes<spectral_norms, site::update>);

template <class Matrix>
double by_power_iteration(Matrix const& m) {
  std::vector<double> x(m.shape(1), 1.0), y(m.shape(0));
  double norm = 0;
  for (int i = 0; i < 2000; ++i) {
    double of_y = 0, of_x = 0;
    for (std::size_t r = 0; r < y.size(); ++r) {
      y[r] = 0;
      for (std::size_t c = 0; c < x.size(); ++c) y[r] += double{m(r, c)} * x[c];
      of_y += y[r] * y[r];
    }
    for (std::size_t c = 0; c < x.size(); ++c) {
      x[c] = 0;
      for (std::size_t r = 0; r < y.size(); ++r) x[c] += double{m(r, c)} * y[r];
      of_x += x[c] * x[c];
    }
    norm = std::sqrt(of_x / of_y);
    for (double& e : x) e /= std::sqrt(of_x);
  }
  return norm;
}
} // namespace

TEST_CASE("spectral_norms: the largest singular value, of a vector its length") {
  std::vector<double> const values{3, 0, 4, 0, 2, 0}, row{3, 4};
  spectral_norms_of<double> norms;
  norms(site::update{{0, "w"}}, make_matrix_view<double const>(values.data(), 2, 3, 3));
  norms(site::update{{0, "gain"}}, make_matrix_view<double const>(row.data(), 1, 2, 2));
  CHECK(norms.update("w") == Approx(5));
  CHECK(norms.update("gain") == Approx(5));
  std::vector<double> const none{1, std::nan("")};
  norms(site::update{{1, "w"}}, make_matrix_view<double const>(none.data(), 2, 1, 1));
  CHECK(std::isnan(norms.update("w"))); // of the most recent step
  CHECK(error_of([&] { (void)norms.gradient("w"); }).find("spectral_norms.update.w") !=
        std::string::npos);
}

TEST_CASE("spectral_norms: of a model's gradient they are what power iteration finds") {
  auto const net = models::shaken<transformer<small, softmax>>();
  auto const gradient = differentiate(net, by_hand::some_rows(3), {});
  for (char const* const name :
       {"layers.0.ff.w1.weight", "layers.1.attention.wv.weight", "output.weight"}) {
    spectral_norms norms;
    norms(site::gradient{{0, name}}, gradient[name]);
    CHECK(norms.gradient(name) == Approx(by_power_iteration(gradient[name])).epsilon(1e-6));
  }
}

TEST_CASE("spectral_norms: heard in training without a trace, at most Frobenius norms") {
  transformer<small, softmax> watched({.seed = 1}), alone({.seed = 1});
  bigram_backcopy<small> const task({.seed = 1});
  spectral_norms spectral;
  tensor_norms frobenius;
  train(watched, task, sgd{.lr = 0.1}, {.steps = 2, .batch = 2}, spectral, frobenius);
  train(alone, task, sgd{.lr = 0.1}, {.steps = 2, .batch = 2});
  CHECK(testing::detail::same_bits(watched.parameters().data(), alone.parameters().data(),
                                   alone.parameters().size()));
  for (auto const& t : watched.tensors()) {
    auto const name = tensor_name(t);
    CHECK(spectral.update(name) > 0);
    CHECK(spectral.update(name) <= frobenius.update(name) * (1 + 1e-6));
    CHECK(spectral.gradient(name) <= frobenius.gradient(name) * (1 + 1e-6));
  }
  CHECK(spectral.update("output.weight") < frobenius.update("output.weight") * 0.99);
  probe_row row;
  spectral.report(row);
  CHECK(row.cells().size() == 2 * watched.tensors().size());
}
