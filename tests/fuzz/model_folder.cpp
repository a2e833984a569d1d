// SPDX-License-Identifier: MIT
// Any folder is either refused with a one-line sentence or a model whose every number can
// be read. An input is its files, separated by the byte 0x1E: config.json, the index
// (empty: there is none, but model.safetensors), and for each shard the number of its data
// bytes and its header, as in `64{...}`.
#include "dormant/source/pretrained.hpp"
#include "io/scratch.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace {

namespace fs = std::filesystem;

void write(fs::path const& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

std::string shard_of(std::string_view part) {
  std::size_t data = 0;
  while (!part.empty() && part[0] >= '0' && part[0] <= '9' && data < 10'000) {
    data = 10 * data + static_cast<std::size_t>(part[0] - '0');
    part.remove_prefix(1);
  }
  std::uint64_t const length = part.size();
  std::string out(8, '\0');
  std::memcpy(out.data(), &length, 8);
  return out.append(part) + std::string(data, '\x3C');
}

template <class Family>
void read_everything(Family const& family, dormant::model_folder const& folder) {
  dormant::pretrained<Family> const streamed(family, folder);
  auto const& stored = streamed.stored();
  std::vector<float> row;
  for (std::size_t i = 0; i < stored.tensors().size(); ++i) {
    row.resize(stored.cols(i));
    for (std::size_t r = 0; r < stored.rows(i); ++r) stored.read(i, r, 1, row.data());
  }
  (void)dormant::load<float>(family, folder, std::min<std::size_t>(4, family.s.context));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  static scratch::folder const here;
  std::vector<std::string_view> parts;
  std::string_view rest(reinterpret_cast<char const*>(data), size);
  while (parts.size() < 5) {
    auto const end = std::min(rest.find('\x1E'), rest.size());
    parts.push_back(rest.substr(0, end));
    if (end == rest.size()) break;
    rest.remove_prefix(end + 1);
  }
  parts.resize(std::max<std::size_t>(parts.size(), 2));
  for (auto const& old : fs::directory_iterator(here.path())) fs::remove_all(old);
  write(here / "config.json", parts[0]);
  bool const sharded = !parts[1].empty();
  if (sharded) write(here / dormant::model_folder::index_name, parts[1]);
  for (std::size_t k = 2; k < parts.size(); ++k) {
    write(here / (sharded ? std::to_string(k - 2) : dormant::model_folder::weights_name),
          shard_of(parts[k]));
  }
  try {
    auto const folder = dormant::model_folder::open(here.path());
    dormant::with_family(folder, [&](auto const& family) { read_everything(family, folder); });
  } catch (dormant::error const& refused) {
    if (std::string_view(refused.what()).find('\n') != std::string_view::npos) std::abort();
  }
  return 0;
}
