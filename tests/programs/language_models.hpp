// SPDX-License-Identifier: MIT
// A small folder that the programs of language models are run on, and their tables.
#pragma once

#include "dormant/dormant.hpp"
#include "dormant/io/npy.hpp"
#include "dormant/source/pretrained.hpp"
#include "dormant/source/save_folder.hpp"

#include "catch.hpp"
#include "programs/program.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace language_models {

namespace dm = dormant;
using words = std::vector<std::string>;

inline constexpr dm::shape small{.layers = 2,
                                 .heads = 4,
                                 .width = 24,
                                 .vocab = 31,
                                 .context = 12,
                                 .kv_heads = 2,
                                 .mlp_width = 20};
inline constexpr std::size_t rows_of_a = 15, tokens_of_a_row = 9;

/// A CSV file as columns by name; cells stay texts.
struct table {
  std::map<std::string, words> columns;
  std::size_t rows = 0;

  explicit table(std::filesystem::path const& path) {
    std::istringstream file(scratch::read(path));
    words names;
    for (std::string line; std::getline(file, line);) {
      words cells;
      std::istringstream in(line);
      for (std::string cell; std::getline(in, cell, ',');) cells.push_back(cell);
      if (line.ends_with(',')) cells.emplace_back();
      if (names.empty()) {
        names = cells;
        continue;
      }
      REQUIRE(cells.size() == names.size());
      for (std::size_t c = 0; c < names.size(); ++c) columns[names[c]].push_back(cells[c]);
      ++rows;
    }
  }
  /// The number of a column in the first row whose cells are these.
  [[nodiscard]] double at(std::map<std::string, std::string> const& where,
                          std::string const& column) const {
    for (std::size_t r = 0; r < rows; ++r) {
      bool all = true;
      for (auto const& [name, cell] : where) all = all && columns.at(name)[r] == cell;
      if (!all) continue;
      auto const& cell = columns.at(column)[r];
      return cell.empty() ? std::nan("") : std::stod(cell);
    }
    FAIL("no such row");
    return 0;
  }
  [[nodiscard]] std::vector<double> numbers(std::string const& column) const {
    std::vector<double> out;
    for (auto const& cell : columns.at(column)) out.push_back(std::stod(cell));
    return out;
  }
};

/// A folder with a random Llama in `model`, and a.npy, b.npy and c.npy.
struct setting {
  setting() {
    dm::llama::net<float> net(dm::sizes(small), {.seed = 3});
    dm::random_stream draw(7, dm::stream::parameters, 0, 0);
    for (auto& p : net.parameters()) p += static_cast<float>(0.3 * draw.normal());
    dm::save_folder<dm::llama>(net, here / "model");
    write("a.npy", rows_of_a, tokens_of_a_row, 1);
    write("b.npy", 4, 7, 5);
    write("c.npy", 14, 7, 2);
  }
  void write(std::string const& name, std::size_t rows, std::size_t length,
             std::int64_t step) const {
    std::vector<std::int64_t> ids;
    for (std::size_t i = 0; i < rows * length; ++i) {
      auto const n = static_cast<std::int64_t>(i);
      ids.push_back(n % static_cast<std::int64_t>(length) == 0 ? 1 : (n * n + step * n) % 31);
    }
    dm::write_npy<std::int64_t>(here / name, std::vector{rows, length}, ids);
  }
  [[nodiscard]] dm::batch batch(std::string const& name) const {
    auto const read = dm::read_npy<std::int64_t>(here / name);
    std::vector<std::vector<dm::token>> texts(read.shape[0]);
    for (std::size_t i = 0; i < read.values.size(); ++i) {
      texts[i / read.shape[1]].push_back(static_cast<dm::token>(read.values[i]));
    }
    return dm::batch_of(texts);
  }
  [[nodiscard]] dm::pretrained<dm::llama> net() const {
    auto const folder = dm::model_folder::open(here / "model");
    return {dm::llama::read(folder.config()), folder};
  }
  [[nodiscard]] programs::outcome run(std::string const& program, words const& more) const {
    return programs::run(here.path(), "language_model/" + program, more);
  }
  /// The sentence of a failure. What had gone well before may have been said on stdout.
  [[nodiscard]] std::string failure(std::string const& program, words const& more,
                                    int code = 1) const {
    auto found = run(program, more);
    found.out.clear();
    return programs::mistake(found, program, code);
  }
  scratch::folder here;
};

/// How far a program, which may be compiled with other flags, may be from the library.
inline Approx near(double value) { return Approx(value).epsilon(1e-4).margin(1e-6); }

inline auto contains(char const* text) { return Catch::Contains(text); }

} // namespace language_models
