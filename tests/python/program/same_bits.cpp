// SPDX-License-Identifier: MIT
// What check_door.py does in Python, in C++: prints every number as name and hexadecimal digits.
#include <dormant/dormant.hpp>

#include <cstdio>

namespace dm = dormant;

int main() {
  constexpr dm::shape tiny{.layers = 2, .heads = 2, .width = 16, .vocab = 67, .context = 16};
  dm::transformer<tiny, dm::softmax> net({.seed = 3});
  dm::bigram_backcopy<tiny> const task({.triggers = 4, .seed = 5});
  auto const tell = [](char const* name, double value) { std::printf("%s %a\n", name, value); };

  for (auto const rate : {3e-3, 1e-2}) {
    dm::trainer run(net, task, dm::adamw{.lr = rate, .rates = {.mlp = 0.5}}, {.batch = 9});
    for (int step = 0; step < 20; ++step) tell("adamw", run.step());
  }
  dm::trainer slow(net, task, dm::sgd{.lr = 1e-2}, {.batch = 9});
  for (int step = 0; step < 3; ++step) tell("sgd", slow.step());
  dm::trainer signs(net, task, dm::sign_sgd{.lr = 1e-4}, {.batch = 9, .shards = 3});
  for (int step = 0; step < 3; ++step) tell("sign_sgd", signs.step());

  auto const rows = task.sample(11);
  dm::attention_sink sink;
  auto const whole = net.evaluate(rows, sink);
  tell("loss", whole.loss);
  tell("bigram", whole.bigram_risk);
  tell("backcopy", whole.backcopy_risk);
  tell("sink", sink.on_background(1, 0));
  auto const without = net.evaluate(rows, dm::ablate_head{.layer = 1, .head = 0});
  tell("ablated", without.loss);
  tell("ablated", without.backcopy_risk);
}
