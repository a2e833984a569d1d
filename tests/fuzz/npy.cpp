// SPDX-License-Identifier: MIT
// Any bytes are either refused with a sentence or an array whose values can be read.
#include "dormant/io/npy.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  try {
    auto const contents =
        dormant::parse_npy(std::string(reinterpret_cast<char const*>(data), size), "input");
    if (dormant::byte_count(contents.shape, contents.type) != contents.bytes.size()) std::abort();
    if (contents.type == dormant::dtype::f32) (void)dormant::npy_values<float>(contents);
    if (contents.type == dormant::dtype::f64) (void)dormant::npy_values<double>(contents);
    if (dormant::npy_integers(contents).values.size() != contents.size()) std::abort();
  } catch (dormant::error const& refused) {
    if (std::string(refused.what()).find('\n') != std::string::npos) std::abort();
  }
  return 0;
}
