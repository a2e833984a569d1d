// SPDX-License-Identifier: MIT
// The sequences of another task behind N registers (arXiv 2309.16588),
// for models with `registers<N>`.
#pragma once

#include "dormant/shape.hpp"
#include "dormant/task/batch.hpp"
#include "dormant/task/next_token_law.hpp"
#include "dormant/task/vocabulary.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

namespace dormant {

namespace detail {
/// `context`, static where that of the task is.
template <class Task, std::size_t N>
struct context_behind {
  std::size_t context; ///< T
  explicit context_behind(Task const& task) : context(task.context + N) {}
};
template <fixed_context Task, std::size_t N>
struct context_behind<Task, N> {
  static constexpr std::size_t context = Task::context + N; ///< T
  explicit context_behind(Task const& /*task*/) {}
};
} // namespace detail

/// N more positions than `Task` has; the rest is that task's row of
/// the same stream, step and number.
template <class Task, std::size_t N>
class with_registers : public detail::context_behind<Task, N> {
public:
  static constexpr std::size_t most_copied = detail::most_copied_of<Task>;
  static constexpr bool knows_laws = detail::knows_laws<Task>;

  /// \param behind whose sequences come after the registers
  explicit with_registers(Task behind = Task())
      : detail::context_behind<Task, N>(behind), behind_(std::move(behind)) {}

  /// Fills one sequence: a pure function of (seed, which, step, row).
  /// \param tokens [T + 1] or shorter: the same sequence, cut off
  /// \param laws [T] law of the token after each input, or empty if it is not wanted; the first N
  ///   say nothing, as nothing is predicted from a register
  void sample_row(stream which, std::uint64_t step, std::uint64_t row, std::span<token> tokens,
                  std::span<next_token_law> laws) const {
    detail::check_row(tokens.size(), laws.size());
    std::size_t const before = std::min(N, tokens.size()), unsaid = std::min(N, laws.size());
    for (std::size_t i = 0; i < before; ++i) tokens[i] = register_token(i);
    for (auto& law : laws.first(unsaid)) {
      law.row = 0;
      law.copy_weight = 0;
      law.trigger = false;
      law.spread.clear();
    }
    if (tokens.size() > N)
      behind_.sample_row(which, step, row, tokens.subspan(N), laws.subspan(unsaid));
  }

  /// Rows 0, 1, ... of the evaluation data, which training never sees. Another `draw`, other rows.
  [[nodiscard]] batch sample(std::size_t rows, std::uint64_t draw = 0) const {
    return detail::evaluation_rows(*this, rows, draw);
  }
  [[nodiscard]] std::shared_ptr<law_table const> table() const { return behind_.table(); }
  [[nodiscard]] Task const& behind() const { return behind_; }
  /// How figures show a token.
  [[nodiscard]] std::string token_name(token t) const {
    return is_register(t) ? "register " + std::to_string(register_token(0) - t)
                          : behind_.token_name(t);
  }

private:
  Task behind_;
};

} // namespace dormant
