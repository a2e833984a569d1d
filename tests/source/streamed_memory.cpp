// SPDX-License-Identifier: MIT
// The memory of a streamed pass is what was said before it began.
#include "dormant/source/streamed_memory.hpp"
#include "catch.hpp"
#include "dormant/dormant.hpp"
#include "dormant/source/family/llama.hpp"
#include "dormant/source/save_folder.hpp"
#include "io/scratch.hpp"

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>

namespace dm = dormant;

namespace {
/// Memory of this process beside mapped files, bytes.
std::size_t own_memory() {
  std::ifstream status("/proc/self/status");
  std::string name;
  std::size_t kilobytes = 0;
  while (status >> name) {
    if (name == "RssAnon:" && status >> kilobytes) return kilobytes * 1024;
    status.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  }
  return 0;
}
/// Looks whenever a layer is done with a row, and at the end.
struct most_memory {
  std::size_t most = 0;
  void operator()(dm::site::resid_post, dm::view<float const, 2> const&) { look(); }
  void operator()(dm::site::logits, dm::view<float const, 2> const&) { look(); }
  void merge(most_memory const& other) { most = std::max(most, other.most); }

private:
  void look() { most = std::max(most, own_memory()); }
};
} // namespace

TEST_CASE("a streamed pass takes the memory that was said, and not much less", "[source][slow]") {
  scratch::folder const here;
  auto const rows_of = [](std::size_t n) {
    dm::batch rows(n, 128, nullptr, false);
    for (std::size_t b = 0; b < n; ++b) {
      for (std::size_t t = 0; t <= 128; ++t)
        rows.tokens(b)[t] = static_cast<dm::token>((b * 129 + t) * 31 % 2000);
    }
    return rows;
  };
  dm::sizes s(dm::shape{
      .layers = 4, .heads = 4, .width = 512, .vocab = 2000, .context = 128, .mlp_width = 2048});
  {
    dm::llama::net<float> const net(s, {.seed = 1});
    dm::save_folder<dm::llama>(net, here.path());
  }
  auto const folder = dm::model_folder::open(here.path());
  dm::pretrained<dm::llama> const net(dm::llama::read(folder.config()), folder);
  for (std::size_t const n : {2UL, 64UL}) {
    auto const rows = rows_of(n);
    dm::execution const how{.threads = 2};
    auto const said = dm::memory_of(net, rows, how);
    std::size_t const before = own_memory();
    if (before == 0) return; // a kernel that does not tell
    most_memory seen;
    dm::value_drain drain;
    dm::evaluate(net, rows, how, drain, seen);
    std::size_t const took = seen.most - std::min(seen.most, before);
    INFO(n << " rows: took " << took << " of " << said.total() << " bytes");
    CHECK(took < said.total());
    CHECK(took > said.total() / 3); // and some of it was there before, given back by earlier tests
  }
}

TEST_CASE("streams are counted by rows, values by threads", "[source]") {
  scratch::folder const here;
  dm::sizes s(dm::shape{.layers = 2, .heads = 2, .width = 32, .vocab = 50, .context = 16});
  dm::save_folder<dm::llama>(dm::llama::net<double>(s), here.path());
  auto const folder = dm::model_folder::open(here.path());
  dm::pretrained<dm::llama, double> const net(dm::llama::read(folder.config()), folder);
  dm::batch const few(2, 16, nullptr, false), many(6, 16, nullptr, false);
  auto const a = dm::memory_of(net, few, {.threads = 1}),
             b = dm::memory_of(net, many, {.threads = 3});
  CHECK(a.streams == 2 * 16 * 32 * sizeof(double));
  CHECK(b.streams == 3 * a.streams);
  CHECK(b.sequences == 3 * a.sequences);
  CHECK(b.total() == b.weights + b.streams + b.sequences);
}
