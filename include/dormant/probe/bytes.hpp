// SPDX-License-Identifier: MIT
// A probe as bytes, so that a shard of a batch may live in another
// process, and its probe be merged here.
#pragma once

#include "dormant/detail/hooks.hpp"
#include "dormant/error.hpp"

#include <cstddef>
#include <cstring>
#include <span>
#include <type_traits>
#include <vector>

namespace dormant {

/// A probe that can be sent hands all that it has seen to `f`: `void state(auto&& f) {
/// f(sum_, count_); }`. One whose members have to agree also says whether they do: `bool
/// whole() const`. What is handed over is arithmetic or an aggregate of that, a
/// `std::vector`, or has a `state` itself.
template <class P>
concept sendable = requires(P& probe) {
  probe.state([](auto&...) {});
};

namespace detail {

template <class X>
inline constexpr bool is_vector = false;
template <class X>
inline constexpr bool is_vector<std::vector<X>> = true;

struct byte_writer {
  std::vector<std::byte>& out;

  void raw(void const* data, std::size_t size) {
    auto const* const first = static_cast<std::byte const*>(data);
    out.insert(out.end(), first, first + size);
  }
  template <class X>
  void operator()(X& x) {
    if constexpr (sendable<X>) {
      x.state([this](auto&... members) { ((*this)(members), ...); });
    } else if constexpr (is_vector<X>) {
      std::size_t const n = x.size();
      raw(&n, sizeof n);
      for (auto& element : x) (*this)(element);
    } else {
      static_assert(
          std::is_trivially_copyable_v<X> && !std::is_pointer_v<X>,
          "dormant::to_bytes: a probe's state holds something that is neither arithmetic, nor "
          "a std::vector, nor has a state(f) of its own");
      raw(&x, sizeof x);
    }
  }
};

struct byte_reader {
  std::span<std::byte const> in;

  void raw(void* data, std::size_t size) {
    if (in.size() < size) {
      refuse({"merge_bytes: the bytes of the probe end too early, or are those of another"});
    }
    if (size != 0) std::memcpy(data, in.data(), size);
    in = in.subspan(size);
  }
  template <class X>
  void operator()(X& x) {
    if constexpr (sendable<X>) {
      x.state([this](auto&... members) { ((*this)(members), ...); });
      if constexpr (requires { x.whole(); }) {
        if (!x.whole()) refuse({"merge_bytes: the bytes of the probe contradict themselves"});
      }
    } else if constexpr (is_vector<X>) {
      std::size_t n = 0;
      raw(&n, sizeof n);
      if (n > in.size()) { // an element is a byte at least
        refuse({"merge_bytes: the bytes of the probe speak of ", n, " elements, but ", in.size(),
                " bytes follow"});
      }
      x.resize(n);
      for (auto& element : x) (*this)(element);
    } else {
      raw(&x, sizeof x);
    }
  }
};

} // namespace detail

/// All that a probe has seen. To be read by the same program on a machine of the same kind.
template <sendable P>
[[nodiscard]] std::vector<std::byte> to_bytes(P const& probe) {
  std::vector<std::byte> out;
  P copy = probe; // `state` hands out what may be written
  detail::byte_writer{out}(copy);
  return out;
}

/// Merges what another probe of this type saw, of the sequences that follow.
/// \throws error for bytes that no such probe wrote; the probe is then unchanged
template <sendable P>
void merge_bytes(P& probe, std::span<std::byte const> bytes) {
  P later = detail::empty_copy(probe);
  detail::byte_reader reader{bytes};
  reader(later);
  if (!reader.in.empty()) {
    refuse({"merge_bytes: ", reader.in.size(), " bytes are left over; they are another probe's"});
  }
  probe.merge(later);
}

} // namespace dormant
