// SPDX-License-Identifier: MIT
// Any bytes are either refused as a corpus with a one-line sentence or counted whole; and what is
// quoted of them is UTF-8 without control characters.
#include "dormant/task/corpus.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <string>
#include <string_view>

namespace {

std::size_t characters_in(std::string_view text) {
  std::size_t count = 0;
  for (; !text.empty(); ++count) {
    auto const next = dormant::io::first_character(text);
    if (next.bytes == 0) std::abort();
    text.remove_prefix(next.bytes);
  }
  return count;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view const bytes(reinterpret_cast<char const*>(data), size);
  auto const quoted = dormant::io::in_quotes(bytes);
  (void)characters_in(quoted);
  if (quoted.size() > 85) std::abort();
  for (char const c : quoted) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) std::abort();
  }
  try {
    auto const table = dormant::count_text(bytes, "input");
    auto const mark = bytes.starts_with(dormant::io::byte_order_mark) ? 1U : 0U;
    auto const counted =
        std::accumulate(table.unigrams.begin(), table.unigrams.end(), std::uint64_t{0});
    auto const pairs =
        std::accumulate(table.bigrams.begin(), table.bigrams.end(), std::uint64_t{0});
    if (counted != characters_in(bytes) - mark || pairs + 1 != counted) std::abort();
  } catch (dormant::error const& refused) {
    if (std::string_view(refused.what()).find('\n') != std::string_view::npos) std::abort();
  }
  return 0;
}
