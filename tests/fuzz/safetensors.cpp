// SPDX-License-Identifier: MIT
// Any bytes are either refused with a sentence or a file whose every tensor can be read and whose
// names can be written again.
#include "dormant/io/safetensors.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

void read_everything(dormant::safetensors_file const& file) noexcept {
  std::string header = "{";
  for (auto const& name : file.names()) {
    auto const tensor = file.tensor(name);
    std::vector<std::byte> const copy(tensor.bytes.begin(), tensor.bytes.end());
    if (dormant::byte_count(tensor.shape, tensor.type) != copy.size()) std::abort();
    if (tensor.type == dormant::dtype::f32) {
      std::vector<float> values(copy.size() / sizeof(float));
      file.read_into<float>(name, tensor.shape, values);
    }
    header += (header.size() == 1 ? "" : ",") + dormant::io::json_text(name) +
              R"(:{"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
  }
  auto const again = dormant::io::parse_safetensors_header(header + "}", "written").tensors;
  auto const names = file.names();
  if (again.size() != names.size()) std::abort();
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (again[i].name != names[i]) std::abort();
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string contents(reinterpret_cast<char const*>(data), size);
  try {
    read_everything(dormant::safetensors_file::parse(std::move(contents), "input"));
  } catch (dormant::error const& refused) {
    if (std::string(refused.what()).find('\n') != std::string::npos) std::abort();
  }
  return 0;
}
