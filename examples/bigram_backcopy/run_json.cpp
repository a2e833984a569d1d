// SPDX-License-Identifier: MIT
// run.json, written and read back with every field checked.
#include "bigram_backcopy/run_json.hpp"

#include "common/run_info.hpp"
#include "dormant/io/atomic_file.hpp"
#include "dormant/io/plain_words.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

namespace experiment {

namespace dm = dormant;
namespace fs = std::filesystem;
using json = nlohmann::ordered_json;

program::folder_plan folder_plan() {
  program::folder_plan plan{.program = "bigram_backcopy",
                            .begun = "resume.safetensors",
                            .first = {"run.json", "bigrams.csv"},
                            .later = {"checkpoint.safetensors", "metrics.csv",
                                      "attention_tokens.npy", "attention.0.npy", "attention.1.npy",
                                      "attention.2.npy"}};
  for (std::string const figure : {"training", "norms", "attention"}) {
    plan.later.push_back(figure + ".svg");
    plan.later.push_back(figure + ".png");
  }
  return plan;
}

std::map<std::string, std::string> run_identity_of(settings const& s, source const& from) {
  auto const words = identity_of(s);
  std::map<std::string, std::string> identity(words.begin(), words.end());
  identity["table"] = program::fingerprint_of(from.table);
  return identity;
}

std::map<std::string, std::string> with_one_seed(std::map<std::string, std::string> identity) {
  if (identity["init-seed"] != identity["data-seed"] || identity["init"] != "dormant") {
    return identity;
  }
  identity["seed"] = identity["data-seed"];
  for (auto const* of_two : {"init-seed", "data-seed", "init"}) identity.erase(of_two);
  return identity;
}

// ---- writing ----------------------------------------------------------------------------------

namespace {

fs::path path_of(std::string const& folder) { return fs::path(folder) / "run.json"; }

/// A number where the text is one.
json value_of(std::string const& text) {
  auto number = json::parse(text, nullptr, false);
  return number.is_number() ? number : json(text);
}

json settings_as_json(settings const& s) {
  json all = json::object();
  for (auto const& [flag, text] : identity_of(s)) all[flag] = value_of(text);
  for (auto const& [flag, text] : pace_of(s)) all[flag] = value_of(text);
  return all;
}

std::string text_of(json const& contents) {
  return contents.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

} // namespace

std::string run_json(settings const& s, source const& from, place const& where,
                     std::size_t parameters, std::size_t shards, dm::minimum_risk const& best) {
  json contents = {{"program", "bigram_backcopy"},
                   {"settings", settings_as_json(s)},
                   {"shards", shards},
                   {"resume", where.command},
                   {"task",
                    {{"table", from.name},
                     {"characters", from.table.size()},
                     {"fingerprint", program::fingerprint_of(from.table)},
                     {"trigger_share", best.trigger_share},
                     {"least_bigram_risk", best.bigram},
                     {"least_backcopy_risk", best.backcopy},
                     {"least_loss", best.total}}},
                   {"parameters", parameters}};
  contents.update(program::origin_as_json());
  return text_of(contents);
}

// ---- reading ----------------------------------------------------------------------------------

namespace {

/// A run.json whose fields are told by name when they are wrong.
class reader {
public:
  explicit reader(std::string const& folder) : file_(dm::io::shown(path_of(folder))) {
    auto const text = dm::read_file(path_of(folder), std::size_t{1} << 24U);
    std::map<int, std::set<std::string>> seen; // names by depth, which JSON allows to come twice
    auto const check = [&](int depth, json::parse_event_t event, json& parsed) {
      if (event == json::parse_event_t::object_start) seen[depth + 1].clear();
      if (event == json::parse_event_t::key) {
        auto const name = parsed.get<std::string>();
        if (!seen[depth].insert(name).second) fail({"has ", dm::io::in_quotes(name), " twice"});
      }
      return true;
    };
    try {
      contents_ = json::parse(text, check);
    } catch (json::parse_error const& e) {
      fail({"is not valid JSON at byte ", e.byte});
    }
    if (!contents_.is_object()) fail({"is not a JSON object"});
  }

  [[nodiscard]] json const& contents() const { return contents_; }

  /// The part of that name, an object; empty if `optional` and there is none.
  [[nodiscard]] json object(std::string const& name, bool optional = false) const {
    if (!contents_.contains(name)) {
      if (optional) return json::object();
      fail({"has no ", dm::io::in_quotes(name)});
    }
    if (!contents_[name].is_object()) {
      fail({"has ", dm::io::in_quotes(name), " that is ", kind(contents_[name]),
            ", expected an object"});
    }
    return contents_[name];
  }

  /// All settings, no more and no fewer.
  [[nodiscard]] std::vector<word> settings_by_flag() const {
    auto found = object("settings");
    if (found.contains("seed") && !found.contains("init-seed") && !found.contains("data-seed") &&
        !found.contains("init")) { // written when a run had one seed for both
      found["init-seed"] = found["data-seed"] = found["seed"];
      found["init"] = "dormant";
      found.erase("seed");
    }
    settings example;
    example.optimizer = found.value("optimizer", json()) == "sgd" ? "sgd" : "adamw";
    complete(example);
    std::vector<std::string> names;
    for (auto const& [flag, text] : identity_of(example)) names.push_back(flag);
    for (auto const& [flag, text] : pace_of(example)) names.push_back(flag);
    std::vector<word> words;
    for (auto const& [flag, value] : found.items()) {
      if (std::ranges::find(names, flag) == names.end()) {
        fail({"there is no setting ", dm::io::in_quotes(flag), "; they are ", list(names)});
      }
      words.emplace_back(flag, text_of_setting(flag, value));
    }
    for (auto const& name : names) {
      if (!found.contains(name)) fail({"the setting ", dm::io::in_quotes(name), " is missing"});
    }
    return words;
  }

  [[noreturn]] void fail(dm::detail::words why) const {
    dm::refuse({file_, " does not hold the settings of a run: "}, why);
  }

private:
  static std::string list(std::vector<std::string> const& names) {
    return fmt::format("{}", fmt::join(names, ", "));
  }
  static std::string kind(json const& value) {
    return value.is_array() ? "a list" : value.is_string() ? "a text" : value.type_name();
  }
  // Earlier versions wrote numbers as texts.
  [[nodiscard]] std::string text_of_setting(std::string const& flag, json const& value) const {
    if (value.is_string()) return value.get<std::string>();
    if (value.is_number_float()) return fmt::format("{}", value.get<double>());
    if (value.is_number()) return value.dump();
    fail({"the setting ", dm::io::in_quotes(flag), " is ", kind(value),
          ", expected a number or a text"});
  }

  std::string file_;
  json contents_;
};

std::string text_in(json const& part, std::string const& name) {
  return part.contains(name) && part[name].is_string() ? part[name].get<std::string>() : "";
}

} // namespace

saved_run read_run_json(std::string const& folder) {
  reader const from(folder);
  if (auto const program = from.contents().value("program", json()); program != "bigram_backcopy") {
    from.fail({"its 'program' is not bigram_backcopy"});
  }
  auto const task = from.object("task", true);
  (void)from.object("versions", true);
  (void)from.object("build", true);
  auto const shards = from.contents().value("shards", json(0U));
  if (!shards.is_number_unsigned()) from.fail({"its 'shards' are no whole number"});
  saved_run saved{.settings = from.settings_by_flag(),
                  .table = text_in(task, "table"),
                  .fingerprint = text_in(task, "fingerprint"),
                  .shards = shards.get<std::size_t>(),
                  .difference = program::difference_from(from.contents())};
  return saved;
}

void update_run_json(settings const& s, place const& where, std::uint64_t step) {
  auto contents = reader(where.folder).contents();
  contents["settings"] = settings_as_json(s);
  contents["resume"] = where.command;
  auto& list = contents["resumed"];
  if (!list.is_array()) list = json::array();
  json now = {{"step", step}};
  now.update(program::origin_as_json());
  list.push_back(std::move(now));
  dm::write_file_atomically(path_of(where.folder), text_of(contents));
}

} // namespace experiment
