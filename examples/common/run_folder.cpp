// SPDX-License-Identifier: MIT
// Locks by flock, which the kernel releases with the last descriptor of the process.
#include "common/run_folder.hpp"

#include "common/streams.hpp"
#include "dormant/error.hpp"
#include "dormant/io/plain_words.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace program {

namespace fs = std::filesystem;
namespace dm = dormant;

// ---- the lock ---------------------------------------------------------------------------------

namespace {

std::string holder(dm::io::descriptor const& file) {
  std::array<char, 512> text{};
  auto const size = ::pread(file.fd(), text.data(), text.size(), 0);
  std::string_view const line(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  auto const end = line.find('\n');
  return std::string(end == std::string_view::npos ? "another process" : line.substr(0, end));
}

std::string signature(std::string_view who) {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  return fmt::format("{}, process {} on {} since {:%Y-%m-%d %H:%M:%S} UTC\n", who, ::getpid(),
                     host.data(), fmt::gmtime(std::time(nullptr)));
}

} // namespace

void folder_lock::open(fs::path const& folder, int flags) {
  folder_ = folder;
  auto const path = folder / name;
  for (;;) {
    dm::io::descriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0666));
    if (!file.is_open()) {
      if (errno == ENOENT && flags == 0) return;
      dm::refuse({"cannot lock ", dm::io::shown(path), ": ", dm::io::plain_reason(errno)});
    }
    if (::flock(file.fd(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EINTR) continue;
      if (errno == ENOLCK || errno == ENOSYS || errno == EOPNOTSUPP) {
        program::tell("this file system has no locks, so nothing keeps another process out of "
                      "{}\n",
                      dm::io::shown(folder));
        file_ = std::move(file);
        return;
      }
      if (errno != EWOULDBLOCK) {
        dm::refuse({"cannot lock ", dm::io::shown(path), ": ", dm::io::plain_reason(errno)});
      }
      dm::refuse({"the folder ", dm::io::shown(folder), " is being written to by ", holder(file),
                  "; wait for it or choose another folder"});
    }
    // Its last holder may have removed the file after it was opened here.
    struct stat locked {
    }, there{};
    bool const same = ::fstat(file.fd(), &locked) == 0 && ::stat(path.c_str(), &there) == 0 &&
                      locked.st_ino == there.st_ino && locked.st_dev == there.st_dev;
    if (!same) continue;
    file_ = std::move(file);
    return;
  }
}

void folder_lock::take_if_there(fs::path const& folder) { open(folder, 0); }

void folder_lock::take(fs::path const& folder, std::string_view who) {
  if (!held()) open(folder, O_CREAT);
  auto const text = signature(who);
  bool const written =
      ::pwrite(file_.fd(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()) &&
      ::ftruncate(file_.fd(), static_cast<off_t>(text.size())) == 0;
  if (written) return;
  dm::refuse({"cannot write ", dm::io::shown(folder / name), ": ", dm::io::plain_reason(errno)});
}

void folder_lock::remove() {
  if (!held()) return;
  ::unlink((folder_ / name).c_str()); // while it is still locked
  file_.close();
}

// ---- the folder -------------------------------------------------------------------------------

namespace {
bool is_own(folder_plan const& plan, std::string_view name) {
  auto const in = [&](auto const& names) { return std::ranges::find(names, name) != names.end(); };
  return name == plan.begun || in(plan.first) || in(plan.later);
}
} // namespace

void remove_temporaries(fs::path const& folder, std::function<bool(std::string_view)> const& own) {
  std::error_code ignored;
  std::vector<fs::path> left;
  for (auto const& entry : fs::directory_iterator(folder, ignored)) {
    auto const name = entry.path().filename().string();
    auto const whose = dm::io::destination_of(name);
    if (!whose.empty() && own(whose)) left.push_back(entry.path());
  }
  for (auto const& path : left) fs::remove(path, ignored);
}

run_folder::run_folder(fs::path path, folder_plan plan)
    : path_(std::move(path)), plan_(std::move(plan)), state_(state::absent) {
  if (path_.empty()) refuse({"has no name"});
  std::error_code code;
  auto const status = fs::status(path_, code);
  if (!fs::exists(status)) return;
  if (!fs::is_directory(status)) refuse({"is a file; choose another with --out"});
  lock_.take_if_there(path_);
  state_ = look();
}

run_folder::~run_folder() {
  if (claimed_ && (plan_.begun.empty() || has(plan_.begun))) lock_.remove();
}

bool run_folder::has(std::string_view name) const {
  std::error_code ignored;
  return fs::exists(path_ / name, ignored);
}

bool run_folder::claim() {
  bool const was_locked = lock_.held();
  std::error_code code;
  fs::create_directories(path_, code);
  if (code) refuse({"cannot be created: ", dm::io::plain_reason(code.value())});
  if (::faccessat(AT_FDCWD, path_.c_str(), W_OK | X_OK, AT_EACCESS) != 0) {
    refuse({"cannot be written to: ", dm::io::plain_reason(errno)});
  }
  lock_.take(path_, plan_.program);
  claimed_ = true;
  state_ = look();
  remove_temporaries(path_, [this](std::string_view name) { return is_own(plan_, name); });
  return was_locked;
}

void run_folder::claim_new() {
  auto const check = [&] {
    if (is() == state::begun) {
      refuse(
          {"exists already and is not empty: it holds a run; choose another with --out, or go on "
           "with --resume"});
    }
    if (is() == state::unknown || is() == state::unmarked) {
      refuse({"exists already and is not empty; choose another with --out"});
    }
  };
  check(); // before anything is touched
  claim();
  if (is() != state::fresh) lock_.remove(); // somebody else came in between
  check();
  std::error_code ignored;
  for (auto const& name : plan_.first) fs::remove(path_ / name, ignored);
}

run_folder::state run_folder::look() const {
  if (!plan_.begun.empty() && has(plan_.begun)) return state::begun;
  std::error_code code;
  bool others = false, firsts = false, marked = false;
  for (auto const& entry : fs::directory_iterator(path_, code)) {
    auto const name = entry.path().filename().string();
    bool const first = std::ranges::find(plan_.first, name) != plan_.first.end();
    if (name == folder_lock::name) {
      marked = true;
    } else if (first) {
      firsts = true;
    } else if (!is_temporary(name)) {
      others = true;
    }
  }
  if (code) refuse({"cannot be read: ", dm::io::plain_reason(code.value())});
  if (others) return state::unknown;
  // Without a lock file, first files may be all that somebody keeps of a run.
  return firsts && !marked ? state::unmarked : state::fresh;
}

bool run_folder::is_temporary(std::string_view name) const {
  auto const whose = dm::io::destination_of(name);
  return !whose.empty() && is_own(plan_, whose);
}
bool run_folder::is_passing(std::string_view name) const {
  return name == folder_lock::name || is_temporary(name);
}

void run_folder::refuse(dm::detail::words why) const {
  dm::refuse({"the output folder ", dm::io::shown(path_), " "}, why);
}

} // namespace program
