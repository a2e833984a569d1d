// SPDX-License-Identifier: MIT
// Memory and views: an aligned arena, and the xtensor views that users and hooks see.
// The only room that knows xtensor.
#pragma once

#include "dormant/error.hpp"

#if __has_include(<xtensor/containers/xtensor.hpp>) // since 0.26
#include <xtensor/containers/xbuffer_adaptor.hpp>
#include <xtensor/containers/xtensor.hpp>
#include <xtensor/views/xstrided_view.hpp>
#else
#include <xtensor/xbuffer_adaptor.hpp>
#include <xtensor/xstrided_view.hpp>
#include <xtensor/xtensor.hpp>
#endif

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

namespace dormant {

/// A non-owning, strided, row-major look at memory that the library owns: an xtensor expression of
/// fixed rank. `view<float const, 3>` can only be read, `view<float, 3>` can be written.
/// Take it by `const&` (or `&` to write): a view is a handful of words, but copying costs.
/// Writing respects the padding between rows: `v *= 2`, `v = w + 1`, `v.fill(0)`.
template <class T, std::size_t Rank>
using view = xt::xstrided_view<
    xt::xtensor_adaptor<
        xt::xbuffer_adaptor<T*, xt::no_ownership, std::allocator<std::remove_const_t<T>>>, 1>,
    std::array<std::size_t, Rank>, xt::layout_type::dynamic>;

/// An owning tensor of fixed rank, row-major.
template <class T, std::size_t Rank>
using tensor = xt::xtensor<T, Rank>;

/// Looks at `data` as a tensor of the given extents and strides (both in elements).
template <class T, std::size_t Rank>
[[nodiscard]] view<T, Rank> make_view(T* data, std::array<std::size_t, Rank> extents,
                                      std::array<std::size_t, Rank> strides) {
  using memory = xt::xbuffer_adaptor<T*, xt::no_ownership, std::allocator<std::remove_const_t<T>>>;
  std::size_t count = 1; // up to the last element that the strides reach
  std::array<std::ptrdiff_t, Rank> steps{};
  for (std::size_t axis = 0; axis < Rank; ++axis) {
    count += (extents[axis] - 1) * strides[axis];
    steps[axis] = static_cast<std::ptrdiff_t>(strides[axis]);
  }
  return view<T, Rank>(xt::xtensor_adaptor<memory, 1>(memory(data, count), {count}), extents,
                       std::move(steps), std::size_t{0}, xt::layout_type::dynamic);
}

/// Rows of `cols` elements, `stride` apart.
template <class T>
[[nodiscard]] view<T, 2> make_matrix_view(T* data, std::size_t rows, std::size_t cols,
                                          std::size_t stride) {
  return make_view<T, 2>(data, {rows, cols}, {stride, 1});
}

/// A zero-filled, 64-byte aligned array whose size is fixed at construction. Kernels may read
/// (never write) up to 128 bytes past the end, so an arena always carries that much slack.
/// One that was moved from is empty.
template <class T>
class arena {
public:
  static constexpr std::size_t alignment = 64;
  static constexpr std::size_t slack = 128 / sizeof(T);

  arena() = default;
  explicit arena(std::size_t size) : data_(allocate(size)), size_(size) {}
  arena(arena const& other) : arena(other.size_) {
    std::copy_n(other.data_.get(), size_, data_.get());
  }
  arena(arena&& other) noexcept
      : data_(std::move(other.data_)), size_(std::exchange(other.size_, 0)) {}
  arena& operator=(arena other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~arena() = default;

  [[nodiscard]] T* data() { return data_.get(); }
  [[nodiscard]] T const* data() const { return data_.get(); }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::span<T> span() { return {data_.get(), size_}; }
  [[nodiscard]] std::span<T const> span() const { return {data_.get(), size_}; }

private:
  struct release {
    void operator()(T* p) const { ::operator delete (p, std::align_val_t{alignment}); }
  };
  // Not inline: a model takes dozens of them, and compiling this into each place takes time.
  [[gnu::noinline]] static T* allocate(std::size_t size) {
    constexpr std::size_t most = static_cast<std::size_t>(-1) / sizeof(T) / 2;
    void* memory = nullptr;
    if (size <= most) {
      memory =
          ::operator new ((size + slack) * sizeof(T), std::align_val_t{alignment}, std::nothrow);
    }
    if (memory == nullptr) {
      refuse({"there is no memory for ", size, " numbers of ", sizeof(T), " bytes"});
    }
    T* const first = static_cast<T*>(memory);
    std::fill_n(first, size + slack, T{0});
    return first;
  }

  std::unique_ptr<T[], release> data_;
  std::size_t size_ = 0;
};

/// Rounds a row length up so that every row of an arena starts on a 64-byte line.
template <class T>
[[nodiscard]] constexpr std::size_t padded(std::size_t cols) {
  constexpr std::size_t line = arena<T>::alignment / sizeof(T);
  return (cols + line - 1) / line * line;
}

} // namespace dormant
