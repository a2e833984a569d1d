// SPDX-License-Identifier: MIT
// The machinery behind command_line.hpp: options that check what they are given, and mistakes that
// are one sentence on stderr and an exit code.
#pragma once

#include "common/command_line.hpp"
#include "common/exit_code.hpp"
#include "common/heartbeat.hpp"
#include "common/streams.hpp"
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
#include <stdexcept>
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

inline bool only_digits(std::string const& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

template <class Value>
CLI::Option* add(CLI::App& app, std::string const& flag, Value& value, std::string const& help,
                 std::string const& kind) {
  auto* const option = app.add_option(flag, value, help)->type_name(kind);
  if constexpr (requires { value.has_value(); }) return option;
  return option->capture_default_str();
}
} // namespace detail

/// A whole number in the range. The value may be a `std::optional`, then it has no default.
template <class Value>
CLI::Option* add_count(CLI::App& app, std::string const& flag, Value& value,
                       std::string const& help, counts allowed = {}) {
  auto const check = [allowed](std::string& text) -> std::string {
    auto const number = detail::number_in<std::uint64_t>(text);
    if (number && *number >= allowed.least && *number <= allowed.most) return {};
    // Digits that are no number of 64 bits are too many of them.
    bool const too_large = number ? *number > allowed.most : detail::only_digits(text);
    auto const range = too_large ? fmt::format("of at most {}", allowed.most)
                                 : fmt::format("from {} on", allowed.least);
    return fmt::format("expected a whole number {}, found {}", range, dormant::io::in_quotes(text));
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

/// A path or any other text. An empty one is what a shell makes of a variable that is not set, and
/// not the absence of the option.
template <class Value>
CLI::Option* add_text(CLI::App& app, std::string const& flag, Value& value, std::string const& help,
                      std::string const& kind) {
  auto const check = [kind](std::string& text) -> std::string {
    return text.empty() ? fmt::format("expected {}, found an empty text", kind) : std::string{};
  };
  return app.add_option(flag, value, help)->type_name(kind)->check(CLI::Validator(check, ""));
}

// ---- main -------------------------------------------------------------------------------------

namespace detail {
inline int complain(CLI::App const& app, std::string sentence, exit_code code) {
  for (auto& c : sentence) {
    if (c == '\n') c = ' ';
  }
  tell("{}: {}\n", app.get_name(), dormant::io::printable(sentence));
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

/// CLI11 would take the next word as the value of `--flag=`.
inline void refuse_empty_values(int argc, char const* const* argv) {
  for (int i = 1; i < argc; ++i) {
    std::string_view const word = argv[i];
    if (word.starts_with("--") && word.find('=') + 1 == word.size()) {
      throw usage_error(fmt::format("{}: expected a value, found an empty text",
                                    dormant::io::in_quotes(word.substr(0, word.size() - 1))));
    }
  }
}

/// A fault that no part of the program foresaw, without the words of the library that met it.
inline std::string sentence_of(std::exception const& fault) {
  using dormant::io::plain_reason;
  if (dynamic_cast<dormant::error const*>(&fault) != nullptr) return fault.what();
  if (dynamic_cast<std::bad_alloc const*>(&fault) != nullptr ||
      dynamic_cast<std::length_error const*>(&fault) != nullptr) {
    return "there is not enough memory for what was asked";
  }
  if (auto const* file = dynamic_cast<std::filesystem::filesystem_error const*>(&fault)) {
    auto const& path = file->path1();
    return fmt::format("{}: {}", path.empty() ? "the current folder" : dormant::io::shown(path),
                       plain_reason(file->code().value()));
  }
  if (auto const* system = dynamic_cast<std::system_error const*>(&fault)) {
    return fmt::format("the system refuses a request: {}", plain_reason(system->code().value()));
  }
  return fmt::format("a fault in this program, please report it: {}",
                     dormant::io::in_quotes(fault.what()));
}

/// The body's exit code, or that of what went wrong, which has been said then.
template <class Body>
int guarded(CLI::App& app, int argc, char const* const* argv, Body& body) {
  try {
    refuse_empty_values(argc, argv);
    app.parse(argc, argv);
    heartbeat const while_it_lives(app.get_name());
    return body();
  } catch (CLI::Success const&) {
    std::fputs(app.help().c_str(), stdout);
    return success;
  } catch (CLI::ParseError const& mistake) {
    return complain(app, sentence_of(app, mistake), usage);
  } catch (usage_error const& mistake) {
    return complain(app, mistake.what(), usage);
  } catch (std::exception const& fault) {
    // fmt throws where stdout takes no more; guarded_main says so.
    return std::ferror(stdout) != 0 ? success : complain(app, sentence_of(fault), failure);
  }
}
} // namespace detail

/// Parses the command line and runs the body, which returns an exit code. Whatever goes
/// wrong, output that did not arrive included, becomes one sentence on stderr that
/// begins with the program's name.
template <class Body>
int guarded_main(CLI::App& app, int argc, char const* const* argv, Body body) {
  try {
    int const code = detail::guarded(app, argc, argv, body);
    auto const lost = lost_output();
    if (lost.empty() || code != success) return code;
    return detail::complain(app, "standard output cannot be written: " + lost, failure);
  } catch (...) { // no memory for the sentence
    return failure;
  }
}

} // namespace program
