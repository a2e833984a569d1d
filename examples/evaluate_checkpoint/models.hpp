// SPDX-License-Identifier: MIT
// Evaluation of one model: load it, show its sites to a recorder, take its gradient.
#pragma once

#include "common/by_name.hpp"
#include "common/models.hpp"
#include "dormant/dormant.hpp"
#include "evaluate_checkpoint/evaluation.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace evaluation {

namespace dm = dormant;

/// The indices of an element, e.g. "[3, 7]".
inline std::string place_in(std::span<std::size_t const> shape, std::size_t element) {
  std::vector<std::size_t> indices(shape.size());
  for (std::size_t axis = shape.size(); axis-- > 0; element /= shape[axis]) {
    indices[axis] = element % shape[axis];
  }
  return dm::io::shown(indices);
}

/// Keeps the tensors of all sites whose names are wanted, and where a value first was not finite.
/// Its call operator is generic, so it is one probe for every site.
template <class T>
class recorder {
public:
  explicit recorder(std::set<std::string_view> wanted) : wanted_(std::move(wanted)) {}
  [[nodiscard]] recorder empty() const { return recorder(wanted_); }

  template <class Site>
    requires requires { Site::name; }
  void operator()(Site at, dm::view<T const, Site::rank> const& values) {
    if (spoiled_.empty()) spoiled_ = spoiled(at, values);
    if (!wanted_.contains(Site::name)) return;
    auto& kept = kept_[{Site::name, at.layer}];
    if (kept.shape.empty()) {
      kept.shape.push_back(0);
      for (std::size_t axis = 0; axis < Site::rank; ++axis) {
        kept.shape.push_back(values.shape(axis));
      }
    }
    kept.shape[0] += 1;
    kept.values.insert(kept.values.end(), values.begin(), values.end());
  }
  void merge(recorder const& later) {
    if (spoiled_.empty()) spoiled_ = later.spoiled_; // shards are merged in the order of the batch
    for (auto const& [place, more] : later.kept_) {
      auto& kept = kept_[place];
      if (kept.shape.empty()) {
        kept = more;
        continue;
      }
      kept.shape[0] += more.shape[0];
      kept.values.insert(kept.values.end(), more.values.begin(), more.values.end());
    }
  }

  /// Where in the forward pass of the first sequence that has one a value is not finite, in words;
  /// empty if all are.
  [[nodiscard]] std::string const& spoiled() const { return spoiled_; }

  /// Named `site.layer`, or `site` for those that a model has only once.
  [[nodiscard]] std::vector<array<T>> arrays() const {
    std::vector<array<T>> all;
    for (auto const& [place, kept] : kept_) {
      auto const& [site, layer] = place;
      bool const once = site == dm::site::tok_embed::name || site == dm::site::pos_embed::name ||
                        site == dm::site::embed::name || site == dm::site::final_norm::name ||
                        site == dm::site::logits::name;
      all.push_back(kept);
      all.back().name = std::string(site) + (once ? "" : "." + std::to_string(layer));
    }
    return all;
  }

private:
  template <class Site>
  static std::string spoiled(Site const& at, dm::view<T const, Site::rank> const& values) {
    std::vector<std::size_t> shape(values.shape().begin(), values.shape().end());
    std::size_t n = 0;
    for (auto const value : values) {
      auto const place = n++;
      if (std::isfinite(value)) continue;
      // Scores above the diagonal are minus infinity by the rules of causal attention.
      bool const masked = std::is_same_v<Site, dm::site::scores> &&
                          place % shape.back() > place / shape.back() % shape.back();
      if (masked) continue;
      return dm::sentence({"sequence ", at.sequence.index, ", layer ", at.layer, ", site ",
                           Site::name, " is ", double{value}, " at ", place_in(shape, place)});
    }
    // A norm divides by the root of squares, and an infinite one would silently make it zero.
    if constexpr (is_normed<Site>) {
      for (std::size_t t = 0; t < shape[0]; ++t) {
        if (squares_are_finite(values, t)) continue;
        return dm::sentence({"sequence ", at.sequence.index, ", layer ", at.layer, ", site ",
                             Site::name, " at position ", t,
                             " is too large for the norm after it"});
      }
    }
    return {};
  }
  template <class Site>
  static constexpr bool is_normed =
      std::is_same_v<Site, dm::site::resid_pre> || std::is_same_v<Site, dm::site::resid_mid> ||
      std::is_same_v<Site, dm::site::resid_post>;
  static bool squares_are_finite(dm::view<T const, 2> const& values, std::size_t row) {
    T const width = static_cast<T>(values.shape(1));
    T centre = 0, squares = 0;
    for (std::size_t c = 0; c < values.shape(1); ++c) centre += values(row, c) / width;
    for (std::size_t c = 0; c < values.shape(1); ++c) {
      T const from_centre = values(row, c) - centre;
      squares += from_centre * from_centre;
    }
    return std::isfinite(squares);
  }

  std::string spoiled_;
  std::set<std::string_view> wanted_;
  std::map<std::pair<std::string_view, std::size_t>, array<T>> kept_;
};

/// The first `inputs` tokens of each row, and those that follow each of them; a row's last token is
/// followed by none, and then by token 0.
inline dm::batch batch_of(tokens const& read, std::size_t inputs) {
  dm::batch rows(read.rows, inputs, nullptr, false);
  for (std::size_t b = 0; b < read.rows; ++b) {
    auto const from = std::span(read.values).subspan(b * read.columns, read.columns);
    auto const known = std::min(inputs + 1, read.columns);
    std::copy_n(from.begin(), known, rows.tokens(b).begin());
  }
  return rows;
}

/// A tensor of the file in the precision of the model.
template <class T>
void read_tensor(dm::safetensors_file const& file, dm::tensor_spec const& t, std::span<T> out) {
  auto const name = dm::tensor_name(t);
  auto const shape = t.vector ? std::vector{t.size()} : std::vector{t.rows, t.cols};
  auto const convert = [&]<class Stored>(Stored) {
    std::vector<Stored> stored(t.size());
    file.read_into<Stored>(name, shape, stored);
    for (std::size_t i = 0; i < stored.size(); ++i) {
      out[i] = static_cast<T>(stored[i]);
      if (std::isfinite(out[i])) continue;
      dm::refuse({file.name(), ": tensor ", dm::io::in_quotes(name), " holds "},
                 {double{stored[i]}, " at ", place_in(shape, i),
                  std::isfinite(stored[i]) ? ", more than a float can hold; try --precision double"
                                           : ", expected finite numbers"});
    }
  };
  if (file.tensor(name).type == dm::dtype::f64) {
    convert(double{});
  } else {
    convert(float{}); // and says so if it is not
  }
}

/// All parameters; the file must hold these and no others.
inline void read_parameters(dm::safetensors_file const& file,
                            std::span<dm::tensor_spec const> tensors, auto parameters) {
  std::set<std::string> known;
  for (auto const& t : tensors) known.insert(dm::tensor_name(t));
  for (auto const& name : file.names()) {
    if (known.contains(name)) continue;
    dm::refuse({file.name(), ": this model has no tensor ", dm::io::in_quotes(name)},
               {"; the checkpoint belongs to another structure"});
  }
  for (auto const& t : tensors) read_tensor(file, t, parameters.subspan(t.offset, t.size()));
}

template <class Net>
results<typename Net::scalar> evaluate_model(dm::safetensors_file const& file, tokens const& read,
                                             std::vector<std::string> const& sites,
                                             bool with_gradients) {
  using T = typename Net::scalar;
  Net net;
  read_parameters(file, Net::plan::tensors, net.parameters());
  results<T> found;
  // Gradients are taken where the next token is known, sites are kept where tokens are read.
  std::size_t const learnable = std::min(read.inputs, read.columns - 1);
  auto const pass = [&](std::size_t inputs, bool keeps) {
    recorder<T> kept(keeps ? std::set<std::string_view>(sites.begin(), sites.end())
                           : std::set<std::string_view>());
    auto gradient = dm::differentiate(net, batch_of(read, inputs), {}, kept);
    if (!kept.spoiled().empty()) {
      dm::refuse({file.name(), ": the model overflows: ", kept.spoiled()});
    }
    if (keeps) found.sites = kept.arrays();
    return gradient;
  };
  if (learnable < read.inputs) (void)pass(read.inputs, true);
  if (learnable == 0) return found;
  auto const gradient = pass(learnable, learnable == read.inputs);
  found.loss = gradient.loss;
  if (!std::isfinite(found.loss)) {
    dm::refuse({file.name(), ": the model overflows: the loss is ", found.loss});
  }
  for (auto const& t : Net::plan::tensors) {
    auto const values = gradient.values.span().subspan(t.offset, t.size());
    found.gradients.push_back({dm::tensor_name(t),
                               t.vector ? std::vector{t.size()} : std::vector{t.rows, t.cols},
                               {values.begin(), values.end()}});
    auto const& kept = found.gradients.back();
    auto const bad = std::ranges::find_if(kept.values, [](T x) { return !std::isfinite(x); });
    if (with_gradients && bad != kept.values.end()) {
      auto const place = static_cast<std::size_t>(bad - kept.values.begin());
      dm::refuse({file.name(), ": the model overflows: the gradient of ",
                  dm::io::in_quotes(kept.name), " is "},
                 {double{*bad}, " at ", place_in(kept.shape, place)});
    }
  }
  return found;
}

template <class T>
results<T> evaluate(description const& model, dm::safetensors_file const& file, tokens const& read,
                    std::vector<std::string> const& sites, bool with_gradients) {
  return program::with_attention(model.attention, [&]<class Rule>() {
    return program::with_model<Rule, T>(model.shape, model.layers, [&]<dm::shape, class Net>() {
      return evaluate_model<Net>(file, read, sites, with_gradients);
    });
  });
}

} // namespace evaluation
