// SPDX-License-Identifier: MIT
// What the tests of files share: a folder that vanishes, and the sentence of an error.
#pragma once

#include "dormant/error.hpp"
#include "dormant/io/atomic_file.hpp"
#include "error_of.hpp"

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <unistd.h>

namespace scratch {

/// An empty folder for one test.
class folder {
public:
  folder() {
    auto name = (std::filesystem::temp_directory_path() / "dormant-io-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw dormant::error("no temporary folder");
    path_ = name;
  }
  folder(folder const&) = delete;
  folder& operator=(folder const&) = delete;
  ~folder() { std::filesystem::remove_all(path_); }

  [[nodiscard]] std::filesystem::path operator/(std::string_view name) const {
    return path_ / name;
  }
  [[nodiscard]] std::filesystem::path const& path() const { return path_; }
  [[nodiscard]] std::size_t files() const {
    std::size_t count = 0;
    for ([[maybe_unused]] auto const& file : std::filesystem::directory_iterator(path_)) ++count;
    return count;
  }

private:
  std::filesystem::path path_;
};

/// A disk that is full after `bytes`: every longer file fails. Needs no privileges.
class small_disk {
public:
  explicit small_disk(std::size_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit const now{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &now);
  }
  small_disk(small_disk const&) = delete;
  small_disk& operator=(small_disk const&) = delete;
  ~small_disk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

private:
  rlimit before_{};
  void (*handler_)(int);
};

inline void write(std::filesystem::path const& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
}
inline std::string read(std::filesystem::path const& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline constexpr char const* python = "/usr/bin/python3";

/// Runs a Python program in a folder. Its exit code, or -1 if Python or one of its modules is
/// missing.
inline int run_python(std::filesystem::path const& where, std::string_view modules,
                      std::string_view program) {
  write(where / "modules.py", modules);
  write(where / "program.py", program);
  auto const run = [&](char const* file) {
    return std::system(
        dormant::sentence({"cd '", where.string(), "' && ", python, " ", file, " 2>error"})
            .c_str());
  };
  if (run("modules.py") != 0) return -1;
  return run("program.py");
}

} // namespace scratch
