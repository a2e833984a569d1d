// SPDX-License-Identifier: MIT
// Places in memory that a plan gives out. Only a plan can make one, so a part that forgets a tensor
// does not compile. `p[handle]` is the memory itself, for the layer that a pass is in.
#pragma once

#include <cstddef>
#include <cstdint>

namespace dormant {

class plan;
namespace detail {
class planner;
} // namespace detail

/// How long a value of a sequence lives: until its layer has gone back, while one layer goes
/// back, or only where a hook edits.
enum class lifetime : std::uint8_t { kept, borrowed, spare };

/// A parameter tensor [rows, cols]: `p[w]` reads it, `p.gradient(w)`
/// is where its gradient is added.
class weight {
  friend class detail::planner;

public:
  std::size_t offset, rows, cols;
  bool trained;

private:
  constexpr weight(std::size_t at, std::size_t r, std::size_t c, bool moves)
      : offset(at), rows(r), cols(c), trained(moves) {}
};

/// A parameter matrix [out, in] that is packed once a step for X W^T (`forward`) and dY W.
class packed_weight : public weight {
  friend class detail::planner;

public:
  std::size_t forward = 0, backward = 0, scratch = 0;

private:
  constexpr explicit packed_weight(weight w) : weight(w) {}
};

/// [T, cols] of one sequence, rows on lines of the cache.
template <lifetime In>
class buffer_in {
  friend class plan;

public:
  static constexpr lifetime where = In;
  std::size_t offset, cols, stride;

private:
  constexpr buffer_in(std::size_t at, std::size_t c, std::size_t step)
      : offset(at), cols(c), stride(step) {}
};
using buffer = buffer_in<lifetime::kept>;              ///< kept from the way there for the way back
using borrowed_buffer = buffer_in<lifetime::borrowed>; ///< for the way back, shared by all layers
using spare_buffer = buffer_in<lifetime::spare>;       ///< values from before an edit

/// [T] of one sequence, kept.
class column {
  friend class plan;

public:
  std::size_t offset;

private:
  constexpr explicit column(std::size_t at) : offset(at) {}
};

/// [heads, T query, T key] of one sequence; `head` elements from one head to the next.
template <lifetime In>
class grid_in {
  friend class plan;

public:
  static constexpr lifetime where = In;
  std::size_t offset, heads, head, stride;

private:
  constexpr grid_in(std::size_t at, std::size_t n, std::size_t h, std::size_t step)
      : offset(at), heads(n), head(h), stride(step) {}
};
using grid = grid_in<lifetime::kept>;
using borrowed_grid = grid_in<lifetime::borrowed>;
using spare_grid = grid_in<lifetime::spare>;

/// Room for one packed operand while a sequence is under way; all parts share it.
class panel {
  friend class plan;
  constexpr panel() = default;
};

/// A table of numbers that never change; see `plan::fixed_table`.
class constant {
  friend class plan;

public:
  std::size_t offset, cols;

private:
  constexpr constant(std::size_t at, std::size_t c) : offset(at), cols(c) {}
};

/// What is made once a step from the parameters.
class step_memory {
  friend class plan;

public:
  std::size_t offset;

private:
  constexpr explicit step_memory(std::size_t at) : offset(at) {}
};

/// What a shard gathers beside its gradient.
class shard_memory {
  friend class plan;

public:
  std::size_t offset;

private:
  constexpr explicit shard_memory(std::size_t at) : offset(at) {}
};

} // namespace dormant
