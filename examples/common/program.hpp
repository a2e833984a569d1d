// SPDX-License-Identifier: MIT
// The machinery behind command_line.hpp: options that check what they are given, and mistakes that
// are one sentence on stderr and an exit code.
#pragma once

#include "common/command_line.hpp"
#include "common/exit_code.hpp"
#include "dormant/error.hpp"
#include "dormant/io/plain_words.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <concepts>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace program {

[[nodiscard]] inline std::string joined(std::vector<std::string> const& words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

// ---- options ----------------------------------------------------------------------------------

namespace detail {
/// The text as a number of type T, if that is all it is.
template <class T>
std::optional<T> number_in(std::string const& text) {
  T value{};
  auto const end = text.data() + text.size();
  auto const [stop, code] = std::from_chars(text.data(), end, value);
  if (text.empty() || code != std::errc() || stop != end) return std::nullopt;
  return value;
}

template <class Value>
CLI::Option* add(CLI::App& app, std::string const& flag, Value& value, std::string const& help,
                 std::string const& kind) {
  auto* const option = app.add_option(flag, value, help)->type_name(kind);
  if constexpr (requires { value.has_value(); }) return option;
  return option->capture_default_str();
}
} // namespace detail

/// A whole number from `least` on. The value may be a `std::optional`, then it has no default.
template <class Value>
CLI::Option* add_count(CLI::App& app, std::string const& flag, Value& value,
                       std::string const& help, std::uint64_t least = 1) {
  auto const check = [least](std::string& text) -> std::string {
    auto const number = detail::number_in<std::uint64_t>(text);
    if (number && *number >= least) return {};
    return fmt::format("expected a whole number from {} on, found {}", least,
                       dormant::io::in_quotes(text));
  };
  return detail::add(app, flag, value, help, "N")->check(CLI::Validator(check, ""));
}

/// A finite number in the range.
template <class Value>
CLI::Option* add_number(CLI::App& app, std::string const& flag, Value& value,
                        std::string const& help, range allowed) {
  auto const check = [allowed](std::string& text) -> std::string {
    auto const number = detail::number_in<double>(text);
    bool const fits = number && std::isfinite(*number) &&
                      (allowed.open ? *number > allowed.least : *number >= allowed.least) &&
                      (!allowed.most || *number <= *allowed.most);
    if (fits) return {};
    auto words = fmt::format("{} {}", allowed.open ? "above" : "from", allowed.least);
    words += allowed.most ? fmt::format(" to {}", *allowed.most) : allowed.open ? "" : " on";
    return fmt::format("expected a finite number {}, found {}", words,
                       dormant::io::in_quotes(text));
  };
  return detail::add(app, flag, value, help, "X")->check(CLI::Validator(check, ""));
}

/// One of the given names.
inline CLI::Option* add_choice(CLI::App& app, std::string const& flag, std::string& value,
                               std::vector<std::string> const& names, std::string const& help) {
  auto const check = [names](std::string& text) -> std::string {
    for (auto const& name : names) {
      if (name == text) return {};
    }
    return fmt::format("there is no {}; choose one of {}", dormant::io::in_quotes(text),
                       joined(names));
  };
  return detail::add(app, flag, value, fmt::format("{}: {}", help, joined(names)), "NAME")
      ->check(CLI::Validator(check, ""));
}

/// A path or any other text.
template <class Value>
CLI::Option* add_text(CLI::App& app, std::string const& flag, Value& value, std::string const& help,
                      std::string const& kind) {
  return app.add_option(flag, value, help)->type_name(kind);
}

// ---- main -------------------------------------------------------------------------------------

namespace detail {
inline int complain(CLI::App const& app, std::string sentence, exit_code code) {
  for (auto& c : sentence) {
    if (c == '\n') c = ' ';
  }
  fmt::print(stderr, "{}: {}\n", app.get_name(), sentence);
  return code;
}

/// What CLI11 found wrong, in a sentence that helps.
inline std::string sentence_of(CLI::App const& app, CLI::ParseError const& mistake) {
  auto const extra = app.remaining();
  if (dynamic_cast<CLI::ExtrasError const*>(&mistake) != nullptr && !extra.empty()) {
    std::vector<std::string> known;
    for (auto const* option : app.get_options()) known.push_back(option->get_name());
    return fmt::format("there is no option {}; the options are {}",
                       dormant::io::in_quotes(extra.front()), joined(known));
  }
  std::string what = mistake.what();
  if (dynamic_cast<CLI::ArgumentMismatch const*>(&mistake) != nullptr) {
    what = what.substr(0, what.find(':')) + " takes one value and is given at most once";
  }
  return fmt::format("{}; see {} --help", what, app.get_name());
}
} // namespace detail

/// Parses the command line and runs the body, which returns an exit code. Whatever goes wrong
/// becomes one sentence on stderr that begins with the program's name.
template <class Body>
int guarded_main(CLI::App& app, int argc, char const* const* argv, Body body) {
  using detail::complain;
  try {
    app.parse(argc, argv);
    int const code = body();
    if (std::fflush(stdout) != 0) throw dormant::error("standard output cannot be written");
    return code;
  } catch (CLI::Success const& asked_for_help) {
    return app.exit(asked_for_help);
  } catch (CLI::ParseError const& mistake) {
    return complain(app, detail::sentence_of(app, mistake), usage);
  } catch (usage_error const& mistake) {
    return complain(app, mistake.what(), usage);
  } catch (std::bad_alloc const&) {
    return complain(app, "there is not enough memory", failure);
  } catch (std::filesystem::filesystem_error const& e) {
    return complain(app,
                    fmt::format("{}: {}", dormant::io::shown(e.path1()),
                                dormant::io::plain_reason(e.code().value())),
                    failure);
  } catch (std::exception const& e) {
    return complain(app, e.what(), failure);
  }
}

} // namespace program
