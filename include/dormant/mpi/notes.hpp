// SPDX-License-Identifier: MIT
// What ranks tell each other before they exchange anything: a note of fixed size each, so that a
// rank that failed, or is done, leaves nobody waiting for what never comes.
#pragma once

#include "dormant/detail/arithmetic.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace dormant::mpi::detail {

/// What a rank is about to do.
enum class intent : std::uint64_t { pass, compare, end, fail };

/// Everybody's notes: an intent, three numbers that belong to it, and a loss for
/// each shard that the rank has run.
class notes {
public:
  static constexpr std::size_t most_losses = 64; ///< of all ranks together

  explicit notes(std::size_t ranks)
      : size_(head + (most_losses + ranks - 1) / ranks), mine_(size_), all_(size_ * ranks) {}

  void write(intent what, std::uint64_t a = 0, std::uint64_t b = 0, std::uint64_t c = 0) {
    mine_[0] = static_cast<std::uint64_t>(what);
    mine_[1] = a;
    mine_[2] = b;
    mine_[3] = c;
  }
  void write_losses(std::span<double const> losses) {
    std::transform(losses.begin(), losses.end(), mine_.begin() + head,
                   [](double loss) { return std::bit_cast<std::uint64_t>(loss); });
  }
  /// \param allgather called with this rank's note, the memory for all, and the words of one
  void exchange(auto allgather) { allgather(mine_.data(), all_.data(), static_cast<int>(size_)); }

  [[nodiscard]] intent what(std::size_t rank) const { return intent{all_[rank * size_]}; }
  /// The numbers of an intent, i from 0 to 2.
  [[nodiscard]] std::uint64_t number(std::size_t rank, std::size_t i) const {
    return all_[rank * size_ + 1 + i];
  }
  [[nodiscard]] double loss(std::size_t rank, std::size_t i) const {
    return std::bit_cast<double>(all_[rank * size_ + head + i]);
  }

private:
  static constexpr std::size_t head = 4;

  std::size_t size_; // 64-bit words of one note
  std::vector<std::uint64_t> mine_, all_;
};

} // namespace dormant::mpi::detail
