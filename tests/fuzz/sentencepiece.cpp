// SPDX-License-Identifier: MIT
// Any bytes are either refused as a tokenizer.model with a one-line sentence or a tokenizer that
// encodes a text, and decodes what it encoded.
#include "dormant/source/sentencepiece.hpp"
#include "io/scratch.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  static scratch::folder const here;
  auto const path = here / "tokenizer.model";
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<char const*>(data), static_cast<std::streamsize>(size));
  try {
    auto const words = dormant::sentencepiece_tokenizer::open(path);
    auto const ids = words.encode("<s>The cat sat, 12 caf\xC3\xA9s\n\xF0\x9F\x90\x88");
    for (auto const id : ids) {
      if (id < 0 || static_cast<std::size_t>(id) >= words.size()) std::abort();
      (void)words.label(id);
    }
    (void)words.decode(ids);
  } catch (dormant::error const& refused) {
    if (std::string_view(refused.what()).find('\n') != std::string_view::npos) std::abort();
  }
  return 0;
}
