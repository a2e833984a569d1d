// SPDX-License-Identifier: MIT
// A command line whose options check what they are given, and a `main` whose mistakes are one
// sentence on stderr and an exit code. CLI11 does the work, compiled once for all programs.
#pragma once

#include "common/exit_code.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace program {

/// The range of a number; every number has to be finite.
struct range {
  double least = 0;
  bool open = false; ///< whether `least` itself is left out
  std::optional<double> most{};
};

/// The range of a whole number.
struct counts {
  std::uint64_t least = 1;
  std::uint64_t most = 1'000'000'000'000;
};
// Beyond these a number is a slip of the finger: it would be a wait without end or more memory than
// there is.
inline constexpr counts of_threads{.least = 0, .most = 1024};
inline constexpr counts of_a_batch{.most = 100'000}; ///< sequences; the paper has 512
inline constexpr counts of_runs{.most = 10'000};     ///< one a seed
inline constexpr counts a_seed{.least = 0, .most = 9'223'372'036'854'775'807};

/// The options of one program. Values are filled by `run`; what they hold before is the default.
class command_line {
public:
  command_line(std::string const& name, std::string const& description);
  command_line(command_line const&) = delete;
  command_line& operator=(command_line const&) = delete;
  ~command_line();

  /// A whole number.
  void count(std::string const& flag, std::uint64_t& value, std::string const& help,
             counts allowed = {});
  void number(std::string const& flag, double& value, std::string const& help, range allowed);
  /// A number without a default of its own.
  void number(std::string const& flag, std::optional<double>& value, std::string const& help,
              range allowed);
  /// One of the names.
  void choice(std::string const& flag, std::string& value, std::vector<std::string> const& names,
              std::string const& help);
  /// A path or another text, which is not empty; `kind` says what in the help.
  void text(std::string const& flag, std::string& value, std::string const& help,
            std::string const& kind);
  void on(std::string const& flag, bool& value, std::string const& help);

  void required(std::string const& flag);
  /// An option that this build cannot heed: using it is a mistake, and `why` is what is said.
  void refuse(std::string const& flag, std::string const& why);
  void exclude(std::string const& flag, std::string const& other);
  /// What the help ends with.
  void footer(std::string const& words);

  /// Whether the user gave the option.
  [[nodiscard]] bool given(std::string const& flag) const;
  /// Sets an option as if the user had given it.
  /// \throws dormant::error that begins with `where` if there is no
  ///   such option or it cannot be that
  void set(std::string const& flag, std::string const& value, std::string const& where);

  /// Parses the command line and runs the body, which returns an exit code. Whatever goes wrong
  /// becomes one sentence on stderr that begins with the program's name.
  int run(int argc, char const* const* argv, std::function<int()> const& body);

private:
  struct parser;
  std::unique_ptr<parser> parser_;
};

} // namespace program
