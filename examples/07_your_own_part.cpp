// SPDX-License-Identifier: MIT
// Your own norm and MLP: checked by the library's laws, trained, saved,
// resumed, hooked at their site.
#include "common/command_line.hpp"

#include <dormant/checkpoint.hpp>
#include <dormant/dormant.hpp>
#include <dormant/testing/part_laws.hpp>

#include <algorithm>
#include <cmath>
#include <iostream>

using namespace dormant;

struct softsign { // y = g x / (1 + |x|): bounded as dyt is
  weight g;       // [C]
  buffer y;       // [T, C]
  constexpr softsign(plan d, sizes const& s)
      : g(d.vector("g", s.width, initial_value::one, group::norms)), y(d.output(s.width)) {}
  auto forward(auto const& p, auto x) const {
    for (std::size_t t = 0; t < x.rows; ++t)
      for (std::size_t c = 0; c < x.cols; ++c)
        p[y].row(t)[c] = p[g][c] * x.row(t)[c] / (1 + std::abs(x.row(t)[c]));
    return p[y];
  }
  void backward(auto const& p, auto x, auto dy, auto dx) const {
    for (std::size_t t = 0; t < x.rows; ++t)
      for (std::size_t c = 0; c < x.cols; ++c) {
        auto const size = 1 + std::abs(x.row(t)[c]), d = dy.row(t)[c];
        p.gradient(g)[c] += d * x.row(t)[c] / size;
        dx.row(t)[c] += d * p[g][c] / (size * size);
      }
  }
};

struct products : forward_place<2> { // [T, F]
  static constexpr std::string_view name = "products";
};

struct bilinear_mlp { // y = W_2 (W_1 x * W_3 x)
  static constexpr std::string_view name = "ff";
  using reads = site::norm2;
  using writes = site::mlp_out;
  using leaves = site::resid_post;
  using sites = site_list<products>;
  projection w1, w3, w2;
  buffer a, b, h, y;          // [T, F] x 3, [T, C]
  borrowed_buffer da, db, dh; // [T, F]
  constexpr bilinear_mlp(plan d, sizes const& s)
      : w1(d.in("w1"), s.hidden, s.width, group::mlp),
        w3(d.in("w3"), s.hidden, s.width, group::mlp),
        w2(d.in("w2"), s.width, s.hidden, group::mlp), a(d.keep(s.hidden)), b(d.keep(s.hidden)),
        h(d.keep(s.hidden)), y(d.output(s.width)), da(d.borrow(s.hidden)), db(d.borrow(s.hidden)),
        dh(d.borrow(s.hidden)) {}
  auto forward(auto const& p, auto x) const {
    w1.forward(p, x, p[a]);
    w3.forward(p, x, p[b]);
    p.multiply_elements(p[a], p[b], p[h]);
    p.show(products{}, p[h]);
    w2.forward(p, p[h], p[y]);
    return p[y];
  }
  void backward(auto const& p, auto x, auto dy, auto dx) const {
    w2.backward(p, p[h], dy, p[dh], kernels::finish::store);
    p.show(site::gradient_of<products>{}, p[dh]);
    p.multiply_elements(p[dh], p[b], p[da]);
    p.multiply_elements(p[dh], p[a], p[db]);
    w1.backward(p, x, p[da], dx);
    w3.backward(p, x, p[db], dx);
  }
};

struct halve { // an intervention at the MLP's own site
  void operator()(products, view<float, 2>& v) const { v *= 0.5F; }
};

constexpr shape tiny{.width = 64, .context = 64};
using block_type = block<residual<softsign, attention<softmax>>, residual<softsign, bilinear_mlp>>;

int train_and_tell(std::uint64_t steps) {
  testing::verdict laws = testing::norm_laws<softsign>();
  laws += testing::mlp_laws<bilinear_mlp>();
  std::cout << "laws of the two parts: " << laws << '\n';

  transformer<tiny, block_type> net({.seed = 1}), other;
  bigram_backcopy<tiny> const task({.seed = 1});
  trainer run(net, task, adamw{.lr = 3e-3}, {.steps = steps, .batch = 32});
  while (run.steps() < steps / 2) run.step();
  save_run<decltype(net)>("07_your_own_part.safetensors", run.state(), {});
  trainer resumed(other, task, adamw{.lr = 3e-3}, run.plan());
  load_run("07_your_own_part.safetensors", resumed, {});
  while (run.steps() < steps) run.step(), resumed.step();
  bool const same = std::ranges::equal(net.parameters(), other.parameters());
  std::cout << "resumed with " << (same ? "the same" : "other") << " bits\n";
  auto const rows = task.sample(64);
  std::cout << "loss " << net.evaluate(rows).loss << ", with the MLP's products halved "
            << net.evaluate(rows, halve{}).loss << '\n';
  return laws && same ? 0 : 1;
}

int main(int argc, char** argv) {
  std::uint64_t steps = 200;
  program::command_line options("07_your_own_part",
                                "Checks a new norm and a new MLP, trains, saves and resumes them.");
  options.count("--steps", steps, "training steps");
  return options.run(argc, argv, [&] { return train_and_tell(steps); });
}
