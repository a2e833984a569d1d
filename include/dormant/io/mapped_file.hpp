// SPDX-License-Identifier: MIT
// A file as memory: the system reads what is looked at, and may forget it again.
#pragma once

#include "dormant/error.hpp"
#include "dormant/io/atomic_file.hpp"
#include "dormant/io/plain_words.hpp"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <fcntl.h>
#include <filesystem>
#include <span>
#include <string_view>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace dormant {

/// A whole file, read-only, of which nothing is read until it is looked at. A file that another
/// program shortens meanwhile ends this one (SIGBUS), as with every mapped file.
class mapped_file {
public:
  /// \throws error if it cannot be opened, or is no file
  explicit mapped_file(std::filesystem::path const& path) {
    auto const fail = [&](detail::words why) {
      refuse({"cannot read ", io::shown(path), ": "}, why);
    };
    // A pipe is refused below, not waited for.
    io::descriptor const file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat status {};
    if (!file.is_open() || ::fstat(file.fd(), &status) != 0) fail({io::plain_reason(errno)});
    if (S_ISDIR(status.st_mode)) fail({io::plain_reason(EISDIR)});
    if (!S_ISREG(status.st_mode)) fail({"it is a device, not a file"});
    size_ = static_cast<std::size_t>(status.st_size);
    if (size_ == 0) return; // nothing can be mapped
    void* const at = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file.fd(), 0);
    if (at == MAP_FAILED) fail({io::plain_reason(errno)});
    data_ = static_cast<char const*>(at);
  }
  mapped_file(mapped_file&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  mapped_file& operator=(mapped_file other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  mapped_file(mapped_file const&) = delete;
  ~mapped_file() {
    if (data_ != nullptr) ::munmap(const_cast<char*>(data_), size_);
  }

  [[nodiscard]] std::string_view contents() const { return {data_, size_}; }

private:
  char const* data_ = nullptr;
  std::size_t size_ = 0;
};

namespace io {
/// What the system may do with the pages of a mapped file: fetch them, or forget them.
enum class page_use : std::uint8_t { soon, done };

/// Advice, which the system may ignore.
inline void advise(std::span<std::byte const> bytes, page_use use) {
  if (bytes.empty()) return;
  auto const page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  auto const begin = reinterpret_cast<std::uintptr_t>(bytes.data());
  auto const end = begin + bytes.size();
  // Pages on the edge belong to the neighbours too: fetch them, do not forget them.
  auto const first = use == page_use::soon ? begin / page * page : (begin + page - 1) / page * page;
  auto const last = use == page_use::soon ? end : end / page * page;
  if (first >= last) return;
  (void)::madvise(reinterpret_cast<void*>(first), last - first,
                  use == page_use::soon ? MADV_WILLNEED : MADV_DONTNEED);
}
} // namespace io

} // namespace dormant
