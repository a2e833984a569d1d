// SPDX-License-Identifier: MIT
// The tensors of a model, each bound to the stored tensor that it comes from. Every stored
// tensor is used, or refused by name.
#pragma once

#include "dormant/error.hpp"
#include "dormant/plan/sizes.hpp"
#include "dormant/source/model_folder.hpp"
#include "dormant/source/stored_tensor.hpp"
#include "dormant/tensor_spec.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dormant {

/// A model's tensors where they are stored, in the order of `transformer::tensors()`.
class stored_model {
public:
  /// \param tensors of a model of the family whose sizes are `s`
  /// \throws error naming the file and the tensor that is missing, left over, or of another shape
  ///   or type than the configuration says
  template <class Family>
  stored_model(Family family, model_folder const& folder, std::span<tensor_spec const> tensors,
               sizes const& s)
      : tensors_(tensors.begin(), tensors.end()), folder_(&folder) {
    std::set<std::string, std::less<>> used;
    for (auto const& t : tensors) {
      auto where = family.stored(t, s);
      if (!where) {
        places_.push_back({});
        continue;
      }
      where->name = full_name(family, folder, where->name, t);
      used.insert(where->name);
      auto const entry = folder.tensor(where->name);
      check(family, *where, t, entry, s);
      places_.push_back({std::move(where), entry.type, entry.shape.back(), entry.bytes});
    }
    for (auto const& [name, file] : folder.tensors()) {
      if (used.contains(name) || family.is_buffer(name)) continue;
      refuse({folder.file_of(name), ": tensor ", io::in_quotes(name), " is no part of a ",
              Family::architecture, " with this config.json, so it would be left out"});
    }
  }

  /// Rows and columns of the i-th tensor; each element of a vector is a row.
  [[nodiscard]] std::size_t rows(std::size_t i) const {
    return tensors_[i].vector ? tensors_[i].cols : tensors_[i].rows;
  }
  [[nodiscard]] std::size_t cols(std::size_t i) const {
    return tensors_[i].vector ? 1 : tensors_[i].cols;
  }
  /// out [n, cols] = rows [first, first + n) of the i-th tensor. One that is stored nowhere is a
  /// bias that the model has not, so it is zero.
  template <std::floating_point T>
  void read(std::size_t i, std::size_t first, std::size_t n, T* out) const {
    auto const& from = places_[i];
    std::size_t const width = cols(i);
    if (!from.where) {
      std::fill_n(out, n * width, T{0});
      return;
    }
    std::size_t const size = size_of(from.type);
    std::size_t const next_row = from.where->transposed ? size : width * size;
    for (std::size_t r = 0; r < n; ++r) {
      auto const* const row = from.bytes.data() + from.where->row(first + r) * next_row;
      detail::convert(from.type, row, width, from.where->transposed ? from.cols : 1,
                      out + r * width);
    }
  }

  [[nodiscard]] std::span<tensor_spec const> tensors() const { return tensors_; }
  /// Advice to the system: the i-th tensor is read next, or not again for long.
  void will_need(std::size_t i) const { io::advise(places_[i].bytes, io::page_use::soon); }
  void done_with(std::size_t i) const { io::advise(places_[i].bytes, io::page_use::done); }

private:
  struct place {
    std::optional<stored_rows> where;
    dtype type = dtype::f32;
    std::size_t cols = 0; // of the stored tensor
    std::span<std::byte const> bytes;
  };

  // The stored name, with the prefix that some files give it; for an absent head the token table.
  template <class Family>
  static std::string full_name(Family, model_folder const& folder, std::string const& name,
                               tensor_spec const& t) {
    std::string const prefixed = std::string(Family::optional_prefix) + name;
    bool const is_head = t.group == group::output;
    bool const tied =
        is_head && folder.config().flag({"tie_word_embeddings"}, Family::tied_by_default);
    std::string table(Family::token_table);
    if (!folder.contains(table)) table = std::string(Family::optional_prefix) + table;
    for (auto const& stored : {name, prefixed}) {
      if (!folder.contains(stored)) continue;
      if (tied && folder.contains(table)) check_tied(folder, stored, table);
      return stored;
    }
    if (!is_head) return name;
    // A head that config.json does not tie has to be there.
    if (!tied) {
      refuse({io::shown(folder.path()), ": tensor ", io::in_quotes(name),
              " is missing, and config.json has no tie_word_embeddings that would explain it"});
    }
    return table;
  }

  // A head that is tied and stored all the same: others would take the token table in its place.
  static void check_tied(model_folder const& folder, std::string const& head,
                         std::string const& table) {
    auto const a = folder.tensor(head), b = folder.tensor(table);
    if (a.type == b.type && a.bytes.size() == b.bytes.size() &&
        std::memcmp(a.bytes.data(), b.bytes.data(), a.bytes.size()) == 0) {
      return;
    }
    refuse({folder.file_of(head), ": tensor ", io::in_quotes(head), " is not the same as ",
            io::in_quotes(table), ", to which config.json ties it (tie_word_embeddings)"});
  }

  template <class Family>
  void check(Family, stored_rows const& where, tensor_spec const& t,
             safetensors_file::entry const& entry, sizes const& s) const {
    auto const fail = [&](detail::words what) {
      refuse({folder_->file_of(where.name), ": tensor ", io::in_quotes(where.name)}, what);
    };
    if (!detail::is_weight_type(entry.type)) {
      fail({" has dtype ", names_of(entry.type).safetensors, ", expected F64, F32, F16 or BF16"});
    }
    std::size_t const thirds = Family::stored_thirds(t) ? 3 : 1;
    std::vector<std::size_t> expected{t.rows * thirds, t.cols};
    if (t.vector) expected = {t.cols * thirds};
    if (where.transposed) std::swap(expected.front(), expected.back());
    bool const is_positions = t.name.view() == "pos_embeddings.weight";
    if (is_positions && entry.shape.size() == 2 && entry.shape[1] == t.cols) {
      if (entry.shape[0] < s.context) {
        fail({" has ", entry.shape[0], " positions, too few for a context of ", s.context});
      }
      expected[0] = entry.shape[0]; // the model reads as many as it has positions
    }
    if (!std::equal(expected.begin(), expected.end(), entry.shape.begin(), entry.shape.end())) {
      fail({" has shape ", io::shown(entry.shape), ", expected ",
            io::shown(std::span<std::size_t const>(expected)), " by config.json"});
    }
  }

  std::vector<tensor_spec> tensors_;
  std::vector<place> places_;
  model_folder const* folder_; // its mappings are what `bytes` speaks of
};

} // namespace dormant
