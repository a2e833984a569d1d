// SPDX-License-Identifier: MIT
// A small valid folder of each family, to be written as it is, or with one thing changed. Its
// numbers are such that every element type holds them exactly.
#pragma once

#include "dormant/io/safetensors.hpp"
#include "dormant/random.hpp"

#include "io/scratch.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace written_folder {

using json = nlohmann::ordered_json;
namespace fs = std::filesystem;

enum class form { llama, olmo, olmo2, neox_serial, neox_parallel, gpt2_gelu, gpt2_relu };
inline constexpr form forms[] = {form::llama,       form::olmo,          form::olmo2,
                                 form::neox_serial, form::neox_parallel, form::gpt2_gelu,
                                 form::gpt2_relu};

/// Sizes of all of them: 2 heads of 4 in a width of 8; Llama and OLMo 2 have one head of keys.
inline constexpr std::size_t layers = 2, heads = 2, width = 8, hidden = 12, vocab = 11,
                             positions = 16;

struct stored {
  std::string name;
  std::vector<std::size_t> shape;
  std::vector<double> values;
  dormant::dtype type = dormant::dtype::f32;
};

/// The bits of a half that is exactly `x`.
inline std::uint16_t half_of(double x) {
  std::uint32_t const sign = std::signbit(x) ? 0x8000U : 0;
  if (x == 0) return static_cast<std::uint16_t>(sign);
  int const exponent = std::max(std::ilogb(x), -14); // below it all are multiples of 2^-24
  auto const tenths = static_cast<std::uint32_t>(std::ldexp(std::abs(x), 10 - exponent));
  return static_cast<std::uint16_t>(sign |
                                    (static_cast<std::uint32_t>(exponent + 14) * 1024 + tenths));
}

template <class T>
void append(std::vector<std::byte>& out, T const& x) {
  auto const* const bytes = reinterpret_cast<std::byte const*>(&x);
  out.insert(out.end(), bytes, bytes + sizeof x);
}
/// Bytes of a tensor, in its element type.
inline std::vector<std::byte> bytes_of(stored const& t) {
  using dormant::dtype;
  std::vector<std::byte> out;
  for (double const x : t.values) {
    auto const single = static_cast<float>(x);
    switch (t.type) {
    case dtype::f64: append(out, x); break;
    case dtype::f32: append(out, single); break;
    case dtype::f16: append(out, half_of(x)); break;
    case dtype::bf16:
      append(out, static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(single) >> 16U));
      break;
    default: out.resize(out.size() + dormant::size_of(t.type)); // of other types, zeros
    }
  }
  return out;
}

/// What is in a folder.
struct contents {
  json config;
  std::vector<stored> tensors;

  [[nodiscard]] stored& at(std::string const& name) {
    auto const found = std::find_if(tensors.begin(), tensors.end(),
                                    [&](stored const& t) { return t.name == name; });
    if (found == tensors.end()) dormant::refuse({"the test has no tensor ", name});
    return *found;
  }
  void remove(std::string const& name) {
    auto const found = &at(name) - tensors.data();
    tensors.erase(tensors.begin() + found);
  }
  /// A tensor of random numbers: multiples of 1/16 from -4 to 4, and a few at the ends of what a
  /// half can hold. bfloat16 has 8 digits of them, a half 11.
  void add(std::string const& name, std::vector<std::size_t> const& shape) {
    static constexpr double special[] = {-0.0, 0x1p-24, -0x1.8p-16, 61440, 0x1p-14};
    dormant::random_stream draw(1, dormant::stream::parameters, tensors.size(), 0);
    std::size_t size = 1;
    for (auto const n : shape) size *= n;
    auto& t = tensors.emplace_back(stored{name, shape, std::vector<double>(size)});
    for (std::size_t i = 0; i < size; ++i) {
      bool const is_special = i % 17 == 3;
      t.values[i] = is_special ? special[i % 5] : std::floor(128 * draw.uniform() - 64) / 16;
    }
  }

  [[nodiscard]] std::vector<std::vector<std::byte>> all_bytes() const {
    std::vector<std::vector<std::byte>> out;
    for (auto const& t : tensors) out.push_back(bytes_of(t));
    return out;
  }
  void write_config(fs::path const& folder) const {
    fs::create_directories(folder);
    scratch::write(folder / "config.json", config.dump(1));
  }
  void write(fs::path const& folder) const {
    write_config(folder);
    write_shard(folder / "model.safetensors", 0, 1);
  }
  /// The same with tensor i in shard i % n, "0.safetensors" and so on.
  void write_shards(fs::path const& folder, std::size_t n) const {
    write_config(folder);
    json map = json::object();
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      map[tensors[i].name] = std::to_string(i % n) + ".safetensors";
    }
    for (std::size_t k = 0; k < n; ++k) {
      write_shard(folder / (std::to_string(k) + ".safetensors"), k, n);
    }
    scratch::write(folder / "model.safetensors.index.json",
                   json{{"metadata", {{"total_size", 1}}}, {"weight_map", map}}.dump(1));
  }

private:
  void write_shard(fs::path const& path, std::size_t shard, std::size_t n) const {
    auto const bytes = all_bytes();
    std::vector<dormant::tensor_ref> all;
    for (std::size_t i = shard; i < tensors.size(); i += n) {
      all.push_back({tensors[i].name, tensors[i].type, tensors[i].shape, bytes[i]});
    }
    dormant::write_safetensors(path, all, {{"format", "pt"}});
  }
};

/// A valid folder of a family; defined in written_folder.cpp.
contents valid(form of);

/// What the library says of a folder, with HERE for its path; empty if it takes it. Defined in
/// malformed.cpp.
std::string said(fs::path const& folder, std::size_t context = positions);

} // namespace written_folder
