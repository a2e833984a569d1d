// SPDX-License-Identifier: MIT
#include "language_model/dynamics/series.hpp"

#include <dormant/io/atomic_file.hpp>
#include <dormant/io/plain_words.hpp>
#include <dormant/statistics.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <string_view>
#include <utility>

namespace language_model {

namespace fs = std::filesystem;
using json = nlohmann::ordered_json;

namespace {
/// The last number in a name, as 1000 in `step1000-tokens` and `checkpoint-1000` have it.
std::optional<std::uint64_t> last_number(std::string_view name) {
  auto const is_digit = [](char c) { return c >= '0' && c <= '9'; };
  auto const last = std::find_if(name.rbegin(), name.rend(), is_digit);
  if (last == name.rend()) return std::nullopt;
  auto const first = std::find_if_not(last, name.rend(), is_digit);
  std::string_view const digits(first.base(), last.base());
  std::uint64_t number = 0;
  auto const read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (read.ec != std::errc()) return std::nullopt;
  return number;
}
bool is_model(fs::path const& folder) { return fs::exists(folder / "config.json"); }
} // namespace

std::vector<checkpoint> find_checkpoints(std::string const& folders) {
  std::vector<checkpoint> all;
  auto const add = [&](fs::path const& folder) {
    auto const name = folder.has_filename() ? folder.filename() : folder.parent_path().filename();
    all.push_back({folder, last_number(name.string()).value_or(all.size())});
  };
  for (std::size_t begin = 0; begin <= folders.size();) {
    auto const end = std::min(folders.find(',', begin), folders.size());
    fs::path const folder = folders.substr(begin, end - begin);
    begin = end + 1;
    if (is_model(folder)) {
      add(folder);
      continue;
    }
    std::error_code code;
    std::vector<fs::path> below;
    for (auto const& entry : fs::directory_iterator(folder, code)) {
      if (is_model(entry.path())) below.push_back(entry.path());
    }
    if (code) dm::refuse({dm::io::shown(folder), " cannot be read: ", code.message()});
    if (below.empty()) {
      dm::refuse({dm::io::shown(folder), " holds no model: neither it nor a folder in it has a "
                                         "config.json"});
    }
    std::sort(below.begin(), below.end());
    for (auto const& one : below) add(one);
  }
  std::stable_sort(all.begin(), all.end(),
                   [](auto const& a, auto const& b) { return a.step < b.step; });
  for (std::size_t i = 1; i < all.size(); ++i) {
    if (all[i].step != all[i - 1].step) continue;
    dm::refuse({dm::io::shown(all[i - 1].folder), " and ", dm::io::shown(all[i].folder),
                " are both of step ", all[i].step,
                ": the last number in a folder's name is its step"});
  }
  return all;
}

snapshot snapshot_of(measurement const& m, std::uint64_t step, std::size_t rows) {
  snapshot out;
  out.step = step;
  out.layers = m.s.layers;
  out.heads = m.s.heads;
  out.loss = m.loss;
  for (std::size_t l = 0; l < m.s.layers; ++l) {
    for (std::size_t h = 0; h < m.s.heads; ++h) {
      std::vector<double> each;
      for (std::size_t b = 0; b < rows; ++b) {
        double const one = m.sinks_of_rows.of(b, out.head(l, h));
        if (std::isfinite(one)) each.push_back(one); // a row of one token has no query after it
      }
      auto const around = dm::mean_of(each, dm::bootstrap{});
      out.attention.push_back(around.mean);
      out.attention_low.push_back(around.low);
      out.attention_high.push_back(around.high);
      out.gap.push_back(m.gap.over_visible(l, h));
      out.drain.push_back(m.drain.ratio(l, h));
    }
    out.norm.push_back(m.peak.bos(l));
    out.peak.push_back(m.peak.ratio(l));
  }
  return out;
}

namespace {
constexpr int version = 1; // of the files
// f(name, vector, whether it is of heads)
template <class Moment, class F>
void each_vector(Moment& m, F f) {
  f("attention", m.attention, true);
  f("attention_low", m.attention_low, true);
  f("attention_high", m.attention_high, true);
  f("gap", m.gap, true);
  f("drain", m.drain, true);
  f("norm", m.norm, false);
  f("peak", m.peak, false);
}
json words_of(identity const& of) {
  return {{"version", version},    {"model", of.model}, {"texts", of.texts},
          {"context", of.context}, {"rows", of.rows},   {"written", of.written}};
}
} // namespace

void keep(fs::path const& file, snapshot const& m, identity const& of) {
  json all = {{"of", words_of(of)},
              {"step", m.step},
              {"layers", m.layers},
              {"heads", m.heads},
              {"loss", m.loss}};
  each_vector(m, [&](char const* name, auto const& values, bool) { all[name] = values; });
  dm::write_file_atomically(file, all.dump(1));
}

std::optional<snapshot> kept(fs::path const& file, identity const& of) {
  if (!fs::exists(file)) return std::nullopt;
  auto const all = json::parse(dm::read_file(file), nullptr, false);
  try {
    if (all.is_discarded()) throw json::other_error::create(0, "no JSON", nullptr);
    if (all.at("of") != words_of(of)) return std::nullopt;
    snapshot m;
    m.step = all.at("step");
    m.layers = all.at("layers");
    m.heads = all.at("heads");
    m.loss = all.at("loss");
    each_vector(m, [&](char const* name, std::vector<double>& values, bool of_heads) {
      for (auto const& value : all.at(name)) { // NaN is written as null
        values.push_back(value.is_null() ? std::numeric_limits<double>::quiet_NaN()
                                         : value.get<double>());
      }
      if (values.size() != (of_heads ? m.layers * m.heads : m.layers)) {
        throw json::other_error::create(0, "too few numbers", nullptr);
      }
    });
    return m;
  } catch (json::exception const&) {
    dm::refuse({dm::io::shown(file), " is damaged; remove it, and its checkpoint is measured "
                                     "again"});
  }
}

std::optional<std::size_t> formed_at(std::vector<double> const& values, double bound, bool above) {
  auto const outside = std::find_if(values.rbegin(), values.rend(),
                                    [&](double x) { return !(above ? x > bound : x < bound); });
  if (outside == values.rbegin()) return std::nullopt;
  return static_cast<std::size_t>(values.rend() - outside);
}

} // namespace language_model
