// SPDX-License-Identifier: MIT
// One of two translation units that include the whole library: nothing may be defined twice.
#include "consumer.hpp"

#include <cstdio>

double risk_without_the_head(net_type& net, dormant::batch const& batch);

int main() {
  auto const task = dormant::bigram_backcopy<tiny>({.triggers = 3, .seed = 42});
  net_type net({.seed = 42});
  dormant::train(net, task, dormant::adamw{.lr = 1e-3}, {.steps = 2, .batch = 4},
                 dormant::progress{});

  dormant::attention_sink sink;
  dormant::value_drain drain;
  dormant::residual_peak peak;
  auto const batch = task.sample(4);
  auto const before = net.evaluate(batch, sink, drain, peak);
  if (!(before.bigram_risk > 0 && risk_without_the_head(net, batch) > 0)) return 1;
  std::printf("consumer: dormant %d.%d.%d, attention on <s> %.3f, drain %.3f, peak %.3f\n",
              dormant::version.major, dormant::version.minor, dormant::version.patch, sink.mean(),
              drain.ratio(), peak.ratio());
}
