// SPDX-License-Identifier: MIT
// Any bytes are either refused as a tokenizer.json with a one-line sentence or a tokenizer that
// encodes the text behind the first zero byte, and decodes what it encoded.
#include "dormant/source/tokenizer.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view const all(reinterpret_cast<char const*>(data), size);
  auto const end = std::min(all.find('\0'), all.size());
  auto const text = all.substr(std::min(end + 1, all.size()));
  try {
    auto const words = dormant::tokenizer::parse(all.substr(0, end), "input");
    for (auto const id : words.encode(text)) {
      if (id < 0 || static_cast<std::size_t>(id) >= words.size()) std::abort();
      (void)words.label(id);
    }
    (void)words.decode(words.encode(text, false));
  } catch (dormant::error const& refused) {
    if (std::string_view(refused.what()).find('\n') != std::string_view::npos) std::abort();
  }
  return 0;
}
