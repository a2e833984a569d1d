// SPDX-License-Identifier: MIT
// Files that appear whole or not at all: written beside the destination, then renamed onto it.
#pragma once

#include "dormant/error.hpp"
#include "dormant/io/plain_words.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <fcntl.h>
#include <filesystem>
#include <new>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace dormant {

namespace io {

/// Owns one file descriptor.
class descriptor {
public:
  descriptor() = default;
  explicit descriptor(int fd) : fd_(fd) {}
  descriptor(descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  descriptor& operator=(descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~descriptor() { close(); }

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] bool is_open() const { return fd_ >= 0; }
  /// Closes and returns 0, or the errno of a close that lost data.
  int close() { return is_open() && ::close(std::exchange(fd_, -1)) != 0 ? errno : 0; }

private:
  int fd_ = -1;
};

/// Writes everything, however often the system interrupts or shortens a write.
/// \return 0, or the errno of the write that failed
[[nodiscard]] inline int write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    auto const written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    if (written == 0) return ENOSPC;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

} // namespace io

namespace io {
/// Whose temporary a file name is: "a.csv" for "a.csv.123-0.tmp", nothing for any other name.
[[nodiscard]] constexpr std::string_view destination_of(std::string_view name) {
  auto const cut_digits = [&] {
    auto const last = name.find_last_not_of("0123456789");
    bool const any = last != std::string_view::npos && last + 1 < name.size();
    name = any ? name.substr(0, last + 1) : "";
  };
  auto const cut = [&](std::string_view end) {
    name = name.ends_with(end) ? name.substr(0, name.size() - end.size()) : "";
  };
  cut(".tmp");
  cut_digits();
  cut("-");
  cut_digits();
  cut(".");
  return name;
}
/// Makes what is in a file survive a power cut. Throws if the disk reports that it cannot.
inline void sync_file(std::filesystem::path const& path) {
  descriptor const file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.is_open() && (::fsync(file.fd()) == 0 || errno == EINVAL)) return;
  refuse({"cannot write ", shown(path), ": ", plain_reason(errno)});
}
} // namespace io

/// A file under construction. It stays invisible under a temporary name in the destination's folder
/// until `commit()`; without a commit the destructor removes it and the destination is as before.
/// A process that is killed in between leaves NAME.PID-N.tmp behind, which is safe to delete
/// (`io::destination_of`). A size limit (`ulimit -f`) shows as an error only where SIGXFSZ is
/// ignored. Every failure throws `dormant::error` with a sentence naming the path and the reason.
class atomic_file {
public:
  /// Opens the temporary. A destination that is a symbolic link is replaced where it points to;
  /// one that is a folder or a device is refused.
  explicit atomic_file(std::filesystem::path path) : path_(std::move(path)), target_(path_) {
    namespace fs = std::filesystem;
    if (path_.filename().empty()) refuse({"no file name"});
    std::error_code ignored;
    if (fs::is_symlink(path_, ignored)) {
      if (auto real = fs::canonical(path_, ignored); !ignored) target_ = std::move(real);
    }
    auto const status = fs::status(target_, ignored);
    if (fs::is_directory(status)) fail(EISDIR);
    if (fs::exists(status) && !fs::is_regular_file(status)) {
      refuse({"it exists and is not a regular file"});
    }
    static std::atomic<std::uint64_t> counter{0};
    int code = EEXIST;
    while (code == EEXIST) {
      temporary_ = target_;
      temporary_ += sentence({".", static_cast<unsigned>(::getpid()), "-", counter++, ".tmp"});
      file_ =
          io::descriptor(::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
      code = file_.is_open() ? 0 : errno;
    }
    if (code != 0) {
      temporary_.clear();
      fail(code);
    }
  }

  atomic_file(atomic_file const&) = delete;
  atomic_file& operator=(atomic_file const&) = delete;
  ~atomic_file() { discard(); }

  /// Appends bytes. Throws at the latest in `commit()` if they do not fit on the disk.
  void write(std::span<std::byte const> bytes) {
    write(std::string_view(reinterpret_cast<char const*>(bytes.data()), bytes.size()));
  }
  void write(std::string_view text) {
    constexpr std::size_t buffer_size = 1U << 16U;
    if (buffer_.size() + text.size() > buffer_size) flush();
    if (text.size() > buffer_size) {
      check(io::write_all(file_.fd(), text));
    } else {
      buffer_ += text;
    }
  }

  /// Puts the file in place, durably: data to disk, rename, folder to disk.
  void commit() {
    flush();
    check(::fsync(file_.fd()) != 0 && errno != EINVAL ? errno : 0);
    put_in_place();
    auto const folder = target_.has_parent_path() ? target_.parent_path() : ".";
    // A folder one may not read or sync costs durability against power loss only: no error.
    if (io::descriptor const dir(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        dir.is_open()) {
      (void)::fsync(dir.fd());
    }
  }

  /// Puts the file in place without waiting for the disk. A kill cannot break it, a power cut can:
  /// for files that mean nothing until a durable one says so.
  void commit_soon() {
    flush();
    put_in_place();
  }

private:
  void flush() {
    check(io::write_all(file_.fd(), buffer_));
    buffer_.clear();
  }
  void put_in_place() {
    check(file_.close());
    check(::rename(temporary_.c_str(), target_.c_str()) != 0 ? errno : 0);
    temporary_.clear();
  }
  void check(int code) {
    if (code == 0) return;
    discard();
    fail(code);
  }
  void discard() noexcept {
    file_.close();
    if (!temporary_.empty()) ::unlink(temporary_.c_str());
    temporary_.clear();
  }
  [[noreturn]] void fail(int code) const {
    auto const folder = target_.has_parent_path() ? target_.parent_path() : ".";
    std::error_code ignored;
    bool const homeless = code == ENOENT && !std::filesystem::exists(folder, ignored);
    if (homeless) refuse({"the folder ", io::shown(folder), " does not exist"});
    refuse({io::plain_reason(code)});
  }
  [[noreturn]] void refuse(detail::words why) const {
    dormant::refuse({"cannot write ", io::shown(path_), ": "}, why);
  }

  std::filesystem::path path_;      // as the user named it
  std::filesystem::path target_;    // the same, symbolic links followed
  std::filesystem::path temporary_; // empty once committed or removed
  io::descriptor file_;
  std::string buffer_;
};

/// Replaces the file by `contents`, or throws and leaves the old one as it was.
inline void write_file_atomically(std::filesystem::path const& path, std::string_view contents) {
  atomic_file file(path);
  file.write(contents);
  file.commit();
}

/// The same without waiting for the disk: see `atomic_file::commit_soon`.
inline void write_file_soon(std::filesystem::path const& path, std::string_view contents) {
  atomic_file file(path);
  file.write(contents);
  file.commit_soon();
}

/// The whole file.
/// Throws if it is missing, a folder or device, unreadable or longer than `max_bytes`.
[[nodiscard]] inline std::string read_file(std::filesystem::path const& path,
                                           std::size_t max_bytes = std::size_t{1} << 34U) {
  auto const fail = [&](detail::words why) {
    refuse({"cannot read ", io::shown(path), ": "}, why);
  };
  io::descriptor const file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status {};
  if (!file.is_open() || ::fstat(file.fd(), &status) != 0) fail({io::plain_reason(errno)});
  if (S_ISDIR(status.st_mode)) fail({io::plain_reason(EISDIR)});
  if (S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode)) fail({"it is a device, not a file"});

  std::string contents;
  try {
    std::size_t filled = 0;
    // One byte more than expected, to meet the end of the file in the first round.
    contents.resize(std::min(static_cast<std::size_t>(status.st_size), max_bytes) + 1);
    for (;;) {
      auto const got = ::read(file.fd(), contents.data() + filled, contents.size() - filled);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) fail({io::plain_reason(errno)});
      if (got == 0) break;
      filled += static_cast<std::size_t>(got);
      if (filled > max_bytes) {
        fail({"it is longer than the limit of ", max_bytes, " bytes"});
      }
      if (filled == contents.size()) contents.resize(2 * filled);
    }
    contents.resize(filled);
  } catch (std::bad_alloc const&) {
    fail({"it does not fit into memory"});
  } catch (std::length_error const&) {
    fail({"it does not fit into memory"});
  }
  return contents;
}

/// Makes sure that `path` is an empty folder in which files can be written.
/// Throws if it holds anything already, is a file, or cannot be created or written to.
inline void create_output_folder(std::filesystem::path const& path) {
  namespace fs = std::filesystem;
  auto const fail = [&](detail::words why) {
    refuse({"the output folder ", io::shown(path), " "}, why);
  };
  if (path.empty()) fail({"has no name"});
  std::error_code code;
  auto const status = fs::status(path, code);
  if (fs::exists(status)) {
    if (!fs::is_directory(status)) fail({"is a file; choose another with --out"});
    bool const empty = fs::is_empty(path, code);
    if (code) fail({"cannot be read: ", io::plain_reason(code.value())});
    if (!empty) fail({"exists already and is not empty; choose another with --out"});
  } else {
    fs::create_directories(path, code);
    if (code) fail({"cannot be created: ", io::plain_reason(code.value())});
  }
  if (::faccessat(AT_FDCWD, path.c_str(), W_OK | X_OK, AT_EACCESS) != 0) {
    fail({"cannot be written to: ", io::plain_reason(errno)});
  }
}

} // namespace dormant
