// SPDX-License-Identifier: MIT
// A JSON object of settings, read field by field; every complaint names the file and the field.
#pragma once

#include "dormant/error.hpp"
#include "dormant/io/atomic_file.hpp"
#include "dormant/io/plain_words.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace dormant {

/// Settings that have had several names: fields are asked for by all of them, and the first that is
/// there counts. `null` is as good as absent.
class json_object {
public:
  using names = std::initializer_list<char const*>;
  static constexpr std::size_t longest = 100'000'000; ///< bytes of a file

  /// \throws error for a file that cannot be read or is not a JSON object
  [[nodiscard]] static json_object open(std::filesystem::path const& path) {
    return make(read_file(path, longest), io::shown(path));
  }
  /// \param name how error messages call the file
  [[nodiscard]] static json_object parse(std::string_view text, std::string_view name) {
    return make(text, io::in_quotes(name));
  }

  [[nodiscard]] bool has(names any) const { return find(any) != nullptr; }

  /// A whole number, at least 0.
  [[nodiscard]] std::optional<std::size_t> maybe_count(names any) const {
    auto const* const found = find(any);
    if (found == nullptr) return std::nullopt;
    if (found->is_number_unsigned()) return found->get<std::size_t>();
    wrong(any, *found, "a whole number that is not negative");
  }
  [[nodiscard]] std::size_t count(names any) const { return needed(maybe_count(any), any); }

  /// A number that is finite.
  [[nodiscard]] std::optional<double> maybe_number(names any) const {
    auto const* const found = find(any);
    if (found == nullptr) return std::nullopt;
    if (found->is_number() && std::isfinite(found->get<double>())) return found->get<double>();
    wrong(any, *found, "a number");
  }
  [[nodiscard]] double number(names any) const { return needed(maybe_number(any), any); }

  [[nodiscard]] bool flag(names any, bool otherwise) const {
    auto const* const found = find(any);
    if (found == nullptr) return otherwise;
    if (found->is_boolean()) return found->get<bool>();
    wrong(any, *found, "true or false");
  }

  [[nodiscard]] std::optional<std::string> maybe_text(names any) const {
    auto const* const found = find(any);
    if (found == nullptr) return std::nullopt;
    if (found->is_string()) return found->get<std::string>();
    wrong(any, *found, "a text");
  }
  [[nodiscard]] std::string text(names any) const { return needed(maybe_text(any), any); }

  [[nodiscard]] std::optional<json_object> maybe_object(names any) const {
    auto const* const found = find(any);
    if (found == nullptr) return std::nullopt;
    if (found->is_object()) return json_object{*found, file_, path_of(any) + "."};
    wrong(any, *found, "an object");
  }

  /// A list of texts; empty if there is none.
  [[nodiscard]] std::vector<std::string> texts(names any) const {
    std::vector<std::string> out;
    auto const* const found = find(any);
    if (found == nullptr) return out;
    if (!found->is_array()) wrong(any, *found, "a list of texts");
    for (auto const& one : *found) {
      if (!one.is_string()) wrong(any, *found, "a list of texts");
      out.push_back(one.get<std::string>());
    }
    return out;
  }

  /// All fields, each a text: the map of an index.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> all_texts() const {
    std::vector<std::pair<std::string, std::string>> out;
    for (auto const& [name, value] : tree_.items()) {
      if (!value.is_string()) fail(name, {"is ", io::in_quotes(value.dump()), ", expected a text"});
      out.emplace_back(name, value.get<std::string>());
    }
    return out;
  }

  /// \throws error with a sentence that begins with the file and this field
  [[noreturn]] void fail(std::string_view field, detail::words what) const {
    refuse({file_, ": field ", io::in_quotes(path_ + std::string(field)), " "}, what);
  }
  /// The same for a field that has had several names: the one that is there.
  [[noreturn]] void fail_at(names any, detail::words what) const {
    refuse({file_, ": field ", io::in_quotes(path_of(any)), " "}, what);
  }
  /// How error messages call the file, in quotes.
  [[nodiscard]] std::string const& name() const { return file_; }

private:
  json_object(nlohmann::json tree, std::string file, std::string path)
      : tree_(std::move(tree)), file_(std::move(file)), path_(std::move(path)) {}

  // Duplicate names, of which a JSON tree keeps one, are errors; so is what is nested so deep that
  // those who walk through the tree would run out of stack.
  [[nodiscard]] static json_object make(std::string_view text, std::string file) {
    constexpr int deepest = 100;
    std::vector<std::set<std::string, std::less<>>> seen; // names of the objects we are within
    auto const check = [&](int depth, nlohmann::json::parse_event_t event, nlohmann::json& found) {
      using is = nlohmann::json::parse_event_t;
      if (depth > deepest) refuse({file, ": the file is nested more than ", deepest, " deep"});
      auto const within = static_cast<std::size_t>(depth);
      if (event == is::object_start) seen.resize(within), seen.emplace_back();
      if (event == is::array_start) seen.resize(within + 1);
      if (event == is::key && !seen[within - 1].insert(found.get<std::string>()).second) {
        refuse({file, ": field ", io::in_quotes(found.get<std::string>()), " is there twice"});
      }
      return true;
    };
    bool const is_text = text.find('\0') == text.npos; // which the parser would take for the end
    auto tree = is_text ? nlohmann::json::parse(text, check, false) : nlohmann::json();
    if (!is_text || tree.is_discarded()) refuse({file, ": the file is not valid JSON"});
    if (!tree.is_object()) refuse({file, ": the file is not a JSON object"});
    return {std::move(tree), std::move(file), ""};
  }
  [[nodiscard]] nlohmann::json const* find(names any) const {
    for (auto const* const name : any) {
      auto const found = tree_.find(name);
      if (found != tree_.end() && !found->is_null()) return &*found;
    }
    return nullptr;
  }
  template <class T>
  [[nodiscard]] T needed(std::optional<T> found, names any) const {
    if (!found) fail(*any.begin(), {"is missing"});
    return *std::move(found);
  }
  [[nodiscard]] std::string path_of(names any) const {
    for (auto const* const name : any) {
      if (auto const found = tree_.find(name); found != tree_.end() && !found->is_null()) {
        return path_ + name;
      }
    }
    return path_ + *any.begin();
  }
  [[noreturn]] void wrong(names any, nlohmann::json const& found, std::string_view expected) const {
    refuse({file_, ": field ", io::in_quotes(path_of(any)), " is ",
            io::in_quotes(found.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)),
            ", expected ", expected});
  }

  nlohmann::json tree_;
  std::string file_, path_;
};

/// Settings to be written, in the order in which they are added.
class settings {
public:
  template <class Value>
  void add(std::string_view name, Value const& value) {
    if constexpr (std::is_same_v<Value, settings>) {
      tree_[std::string(name)] = value.tree_;
    } else {
      tree_[std::string(name)] = value;
    }
  }
  [[nodiscard]] std::string text() const { return tree_.dump(2) + "\n"; }

private:
  nlohmann::ordered_json tree_ = nlohmann::ordered_json::object();
};

} // namespace dormant
