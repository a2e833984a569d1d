// SPDX-License-Identifier: MIT
// Memory that is promised, and taken page by page where it is written: for weights of which
// only a part is there at a time.
#pragma once

#include "dormant/error.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

namespace dormant::detail {

/// How a stretch of pages is used: huge pages are fewer to find, but one number takes 2 MB.
enum class paging { sparse, end_to_end };

/// `n` zeros of which none takes memory before it is written. Aligned to a page.
template <class T>
class pages {
public:
  static constexpr std::size_t slack = 128 / sizeof(T); ///< that kernels may read past the end

  pages() = default;
  pages(std::size_t n, paging use) : size_(n), bytes_((n + slack) * sizeof(T)) {
    void* const at = n > static_cast<std::size_t>(-1) / sizeof(T) / 2
                         ? MAP_FAILED
                         : ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE,
                                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) {
      refuse({"there is no room for ", n, " numbers of ", sizeof(T), " bytes"});
    }
    data_ = static_cast<T*>(at);
    if (use == paging::end_to_end) (void)::madvise(at, bytes_, MADV_HUGEPAGE);
  }
  pages(pages&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)),
        bytes_(std::exchange(other.bytes_, 0)) {}
  pages& operator=(pages other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  pages(pages const&) = delete;
  ~pages() {
    if (data_ != nullptr) ::munmap(data_, bytes_);
  }

  [[nodiscard]] T* data() { return data_; }
  [[nodiscard]] T const* data() const { return data_; }
  [[nodiscard]] std::size_t size() const { return size_; }

  /// Gives everything back; all elements are zero again.
  void release() {
    if (data_ != nullptr) (void)::madvise(data_, bytes_, MADV_DONTNEED);
  }

private:
  T* data_ = nullptr;
  std::size_t size_ = 0, bytes_ = 0;
};

} // namespace dormant::detail
