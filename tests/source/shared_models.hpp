// SPDX-License-Identifier: MIT
// Small pretrained models and what they are known to compute, which stand beside the project where
// there are any. Tests of them say so where there are none.
#pragma once

#include "dormant/io/safetensors.hpp"
#include "dormant/task/batch.hpp"

#include "catch.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

namespace shared_models {

inline std::filesystem::path const folder =
    std::filesystem::path(DORMANT_SOURCE_DIR).parent_path() / "shared/data/llm";

/// Whether the models are there; a sentence in the test's output if not.
inline bool absent() {
  if (std::filesystem::is_directory(folder)) return false;
  WARN("there is no " << folder.string() << ", so nothing is compared with it");
  return true;
}
inline std::filesystem::path model(std::string const& name) { return folder / "models" / name; }

/// What is known of one model, in double.
class golden {
public:
  explicit golden(std::string const& name)
      : file_(dormant::safetensors_file::open(folder / "golden" / (name + ".safetensors"))) {}

  [[nodiscard]] std::vector<double> values(std::string const& name) const {
    return all<double>(name);
  }
  [[nodiscard]] std::vector<dormant::token> tokens(std::string const& name) const {
    auto const ids = all<std::int64_t>(name);
    return {ids.begin(), ids.end()};
  }
  /// Rows of ids [B, T], or one row [T], with a token after the last that nobody reads.
  [[nodiscard]] dormant::batch ids(std::string const& name = "input_ids") const {
    auto const found = all<std::int64_t>(name);
    std::size_t const context = file_.tensor(name).shape.back();
    dormant::batch rows(found.size() / context, context, nullptr, false);
    for (std::size_t i = 0; i < found.size(); ++i) {
      rows.tokens(i / context)[i % context] = static_cast<dormant::token>(found[i]);
    }
    return rows;
  }
  /// Mean cross-entropy where the next token is known, nats.
  [[nodiscard]] double loss(std::string const& name = "nll") const {
    auto const each = values(name);
    double sum = 0;
    for (double const nats : each) sum += nats;
    return sum / static_cast<double>(each.size());
  }

private:
  template <class T>
  [[nodiscard]] std::vector<T> all(std::string const& name) const {
    auto const entry = file_.tensor(name);
    std::vector<T> out(entry.bytes.size() / sizeof(T));
    std::memcpy(out.data(), entry.bytes.data(), entry.bytes.size());
    return out;
  }
  dormant::safetensors_file file_;
};

/// The largest difference, as a share of the largest value.
inline double worst(std::vector<double> const& found, std::vector<double> const& known) {
  REQUIRE(found.size() == known.size());
  double difference = 0, scale = 0;
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (std::isinf(found[i])) continue; // scores of keys that the query does not see
    difference = std::max(difference, std::abs(found[i] - known[i]));
    scale = std::max(scale, std::abs(known[i]));
  }
  return difference / scale;
}

} // namespace shared_models
