// SPDX-License-Identifier: MIT
// The folder that a program writes its results into: one writer at a time, and at every instant
// either a run that can go on or recognisably none that began.
#pragma once

#include "dormant/io/atomic_file.hpp"

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace program {

/// The right to write into a folder: an advisory lock on the file `lock` in it, which says who has
/// it. The kernel releases it when the process ends, however it ends.
class folder_lock {
public:
  folder_lock() = default;
  folder_lock(folder_lock const&) = delete;
  folder_lock& operator=(folder_lock const&) = delete;
  ~folder_lock() = default;

  static constexpr std::string_view name = "lock";

  /// Takes the lock if there is a file for it; changes nothing on disk.
  /// \throws dormant::error saying who has it
  void take_if_there(std::filesystem::path const& folder);
  /// Takes the lock, makes the file if there is none, and writes into it who has it.
  /// \param who the name of the program
  /// \throws dormant::error saying who has it, or why the file cannot be written
  void take(std::filesystem::path const& folder, std::string_view who);
  [[nodiscard]] bool held() const { return file_.is_open(); }
  /// Removes the file and lets others in.
  void remove();

private:
  void open(std::filesystem::path const& folder, int flags);

  std::filesystem::path folder_;
  dormant::io::descriptor file_;
};

/// What a program keeps in its folder.
struct folder_plan {
  std::string program;
  /// The file whose appearance, in one rename, begins the run; empty for programs that may write to
  /// their folder again and again.
  std::string begun{};
  std::vector<std::string> first{}; ///< files that are there before it
  std::vector<std::string> later{}; ///< files that come after it
};

/// A folder that is looked at first, then claimed, then written to.
class run_folder {
public:
  enum class state {
    absent,   ///< there is no such folder
    fresh,    ///< empty, or a run was about to begin here and never did
    unmarked, ///< first files of a run, but nothing says that they are only that
    begun,    ///< a run can go on here
    unknown   ///< anything else
  };

  /// Looks at a folder and changes nothing.
  /// \throws dormant::error if another process writes to it, or it is a file or cannot be read
  run_folder(std::filesystem::path path, folder_plan plan);
  run_folder(run_folder const&) = delete;
  run_folder& operator=(run_folder const&) = delete;
  /// Removes the lock file, unless that would make a run that never began look like something else.
  ~run_folder();

  [[nodiscard]] std::filesystem::path const& path() const { return path_; }
  [[nodiscard]] std::filesystem::path operator/(std::string_view name) const {
    return path_ / name;
  }
  [[nodiscard]] state is() const { return state_; }
  [[nodiscard]] bool has(std::string_view name) const;
  /// Whether a file of that name is the lock or was left half-written by a killed process.
  [[nodiscard]] bool is_passing(std::string_view name) const;

  /// From here on this process alone may write to the folder, which is made if it is absent. Files
  /// that killed processes left half-written are removed.
  /// \returns false if the folder had not been locked since it was looked at, so that what was read
  ///   from it has to be read again
  /// \throws dormant::error if another process writes to it, or it cannot be written to
  bool claim();
  /// Claims a folder for a new run and removes what one that never began left in it.
  /// \throws dormant::error if there is anything else in it
  void claim_new();

private:
  [[nodiscard]] state look() const;
  [[nodiscard]] bool is_temporary(std::string_view name) const;
  [[noreturn]] void refuse(dormant::detail::words why) const;

  std::filesystem::path path_;
  folder_plan plan_;
  folder_lock lock_;
  state state_;
  bool claimed_ = false;
};

/// Removes files in a folder that killed processes left half-written.
/// \param own whether a file of that name is one's own
void remove_temporaries(std::filesystem::path const& folder,
                        std::function<bool(std::string_view)> const& own);

} // namespace program
