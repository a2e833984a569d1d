// SPDX-License-Identifier: MIT
// Probes as bytes: merging what was sent is merging, bit for bit, and broken bytes change nothing.
#include "dormant/probe/bytes.hpp"
#include "dormant/cadence.hpp"
#include "dormant/evaluate.hpp"
#include "dormant/probe/attention_sink.hpp"
#include "dormant/probe/record.hpp"
#include "dormant/probe/residual_peak.hpp"
#include "dormant/probe/risk.hpp"
#include "dormant/probe/sink_logit_gap.hpp"
#include "dormant/probe/value_drain.hpp"
#include "dormant/task/bigram_backcopy.hpp"

#include "catch.hpp"
#include "error_of.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace {

using namespace dormant;

constexpr shape small{.layers = 2, .heads = 2, .width = 16, .context = 12};

template <class Probe>
Probe of_rows(std::uint64_t seed) {
  bigram_backcopy<small> const task({.triggers = 3, .seed = seed});
  static transformer<small, softmax> const net({.seed = 1});
  Probe probe;
  net.evaluate(task.sample(4), probe);
  return probe;
}

template <class Probe>
void sent_is_merged() {
  Probe direct = of_rows<Probe>(1), by_bytes = direct;
  Probe const later = of_rows<Probe>(2);
  auto const bytes = to_bytes(later);
  REQUIRE(!bytes.empty());
  direct.merge(later);
  merge_bytes(by_bytes, bytes);
  CHECK(to_bytes(by_bytes) == to_bytes(direct));
  CHECK(to_bytes(by_bytes) != to_bytes(later));

  auto const before = to_bytes(by_bytes);
  for (std::size_t n = 0; n < bytes.size(); n += 7) {
    CHECK_THROWS_AS(merge_bytes(by_bytes, std::span(bytes).first(n)), error);
  }
  auto more = bytes;
  more.push_back(std::byte{0});
  CHECK(error_of([&] { merge_bytes(by_bytes, more); }) ==
        "merge_bytes: 1 bytes are left over; they are another probe's");
  CHECK(to_bytes(by_bytes) == before);
}

} // namespace

TEST_CASE("probe: what was sent as bytes merges to the same bits, and broken bytes are refused") {
  sent_is_merged<attention_sink>();
  sent_is_merged<value_drain>();
  sent_is_merged<residual_peak>();
  sent_is_merged<risk>();
  sent_is_merged<sink_logit_gap>();
  sent_is_merged<record<site::q>>();
}

TEST_CASE("probe: when and history send what they hold") {
  attention_sink const later = of_rows<attention_sink>(2);
  attention_sink direct = of_rows<attention_sink>(1), sent = direct;
  direct.merge(later);
  when listening(every{1}, sent);
  REQUIRE(listening.due(0));
  merge_bytes(listening, to_bytes(later)); // a shard's copy is sent as what it holds
  CHECK(to_bytes(sent) == to_bytes(direct));

  history log(every{1}, attention_sink{}, [](site::loss, double) {});
  REQUIRE(log.due(0));
  merge_bytes(log, to_bytes(later));
  CHECK(to_bytes(log) == to_bytes(later));
  log.close();
  CHECK(log.rows().size() == 1);

  struct silent {
    void operator()(site::q, view<float const, 3> const&) {}
    void merge(silent const&) {}
  };
  static_assert(sendable<history<every, attention_sink>> && !sendable<history<every, silent>>);
  static_assert(sendable<when<every, attention_sink>> && !sendable<when<every, silent>>);
}

TEST_CASE("probe: bytes that contradict themselves are refused") {
  auto bytes = to_bytes(of_rows<attention_sink>(1));
  attention_sink probe;
  bytes[0] = std::byte{77}; // room for as many heads
  CHECK(error_of([&] { merge_bytes(probe, bytes); }) ==
        "merge_bytes: the bytes of the probe contradict themselves");
  CHECK(probe.layers() == 0);
  for (std::size_t i = 0; i < bytes.size(); ++i) { // whatever stands there, nothing worse happens
    auto changed = bytes;
    changed[0] = std::byte{2};
    changed[i] = std::byte{255};
    try {
      merge_bytes(probe, changed);
    } catch (error const&) {}
  }
}

namespace {
struct counts_calls {
  std::size_t calls = 0;
  std::vector<double> seen;
  void operator()(site::resid_post, view<float const, 2> const&) {
    seen.push_back(double(++calls));
  }
  void merge(counts_calls const& later) { calls += later.calls; }
  void state(auto&& f) { f(calls, seen); }
};
static_assert(sendable<counts_calls> && sendable<attention_sink> && !sendable<int>);
} // namespace

TEST_CASE("probe: one of your own is sent if it hands out its state") {
  auto probe = of_rows<counts_calls>(1);
  auto const calls = probe.calls;
  merge_bytes(probe, to_bytes(of_rows<counts_calls>(2)));
  CHECK(probe.calls == 2 * calls);
}
