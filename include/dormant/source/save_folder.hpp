// SPDX-License-Identifier: MIT
// A model of the library as a folder of a family, which Hugging Face's transformers, and what is
// built on it (TransformerLens, nnsight), reads.
#pragma once

#include "dormant/error.hpp"
#include "dormant/evaluate.hpp"
#include "dormant/io/atomic_file.hpp"
#include "dormant/io/safetensors.hpp"
#include "dormant/random.hpp"
#include "dormant/source/pretrained.hpp"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dormant {

namespace detail {

/// The logits of every position, row after row.
template <class T>
struct all_logits {
  std::map<std::size_t, std::vector<T>> rows;
  void operator()(site::logits at, view<T const, 2> const& logits) {
    rows[at.sequence.index].assign(logits.begin(), logits.end());
  }
  void merge(all_logits const& later) { rows.insert(later.rows.begin(), later.rows.end()); }
};

/// The same model as one of the family whose sizes are `s`: each of its tensors by its name,
/// biases that it has not as zeros.
/// \throws error naming a tensor that the family has and the model has not, or the reverse
template <class Family, class Net>
typename Family::template net<typename Net::scalar> as_family(Net const& net, sizes const& s) {
  typename Family::template net<typename Net::scalar> out(s);
  std::set<std::string_view> used;
  for (auto const& t : out.tensors()) {
    auto const own = std::find_if(net.tensors().begin(), net.tensors().end(),
                                  [&](auto const& o) { return o.name.view() == t.name.view(); });
    auto const to = out.parameters().subspan(t.offset, t.size());
    bool const is_tied = own == net.tensors().end() && t.group == group::output;
    if (own == net.tensors().end() && !is_tied) {
      if (!t.name.view().ends_with(".bias")) {
        refuse({"this model is no ", Family::architecture, ": it has no ", t.name.view()});
      }
      std::fill(to.begin(), to.end(), typename Net::scalar{0});
      continue;
    }
    auto const& from = is_tied ? net.tensors()[0] : *own;
    if (from.rows != t.rows || from.cols != t.cols) {
      refuse({"this model is no ", Family::architecture, ": its ", t.name.view(), " is ", from.rows,
              " x ", from.cols, ", not ", t.rows, " x ", t.cols});
    }
    used.insert(from.name.view());
    std::copy_n(net.parameters().data() + from.offset, t.size(), to.begin());
  }
  for (auto const& t : net.tensors()) {
    if (used.contains(t.name.view())) continue;
    refuse({"this model is no ", Family::architecture, ", which has no ", t.name.view()});
  }
  return out;
}

/// \throws error unless both compute the same logits, to the bit
template <class Net, class Other>
void check_same(Net const& net, Other const& other, std::string_view architecture) {
  std::size_t const context = std::min<std::size_t>(net.shape.context, 32);
  batch rows(2, context, nullptr, false);
  for (std::size_t b = 0; b < rows.rows(); ++b) {
    random_stream draw(1, stream::parameters, b, 0);
    for (auto& id : rows.tokens(b)) {
      id = static_cast<token>(draw.uniform() * static_cast<double>(net.shape.vocab));
    }
  }
  all_logits<typename Net::scalar> ours, theirs;
  evaluate(net, rows, {.threads = 1}, ours);
  evaluate(other, rows, {.threads = 1}, theirs);
  if (ours.rows == theirs.rows) return;
  refuse({"this model is no ", architecture,
          ": its tensors have the same names, but it computes something else from them"});
}

} // namespace detail

/// Writes `config.json` and `model.safetensors`, which read back to the same bits.
/// \tparam Family what the folder says it is: `llama`, `gpt2<relu_unit>`, ...
/// \throws error if the model has tensors that the family has not, or computes something else from
///   them: the logits of both are compared before anything is written
template <model_family Family, class Net>
void save_folder(Net const& net, std::filesystem::path const& folder) {
  using T = typename Net::scalar;
  auto const has = [&](group of) {
    return std::any_of(net.tensors().begin(), net.tensors().end(), [&](tensor_spec const& t) {
      auto const values = net.parameters().subspan(t.offset, t.size());
      return t.group == of && t.vector && t.name.view().ends_with(".bias") &&
             std::any_of(values.begin(), values.end(), [](T x) { return x != T{0}; });
    });
  };
  bool const tied = std::none_of(net.tensors().begin(), net.tensors().end(),
                                 [](auto const& t) { return t.group == group::output; });
  auto settings =
      Family::of(net.placed().s, {.attention = has(group::attention), .mlp = has(group::mlp)})
          .write();
  settings.add("tie_word_embeddings", tied);
  settings.add("torch_dtype", sizeof(T) == 8 ? "float64" : "float32");
  // What is compared, and stored, is the model of which the settings speak.
  auto const family = Family::read(json_object::parse(settings.text(), "config.json"));
  auto const same = detail::as_family<Family>(net, family.s);
  detail::check_same(net, same, Family::architecture);

  struct stored {
    std::vector<std::size_t> shape;
    std::vector<T> values;
  };
  std::vector<std::string> order;
  std::map<std::string, stored> all;
  for (auto const& t : same.tensors()) {
    auto const where = family.stored(t, net.placed().s);
    if (!where || (tied && t.group == group::output)) continue;
    std::size_t const parts = Family::stored_thirds(t) ? 3 : 1;
    std::size_t const rows = t.vector ? t.cols : t.rows, cols = t.vector ? 1 : t.cols;
    auto& to = all[where->name];
    if (to.values.empty()) {
      order.push_back(where->name);
      to.shape = t.vector ? std::vector{parts * rows} : std::vector{parts * rows, cols};
      if (where->transposed) std::swap(to.shape.front(), to.shape.back());
      to.values.resize(parts * rows * cols);
    }
    T const* const from = same.parameters().data() + t.offset;
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = 0; c < cols; ++c) {
        std::size_t const row = where->row(r);
        to.values[where->transposed ? c * parts * rows + row : row * cols + c] = from[r * cols + c];
      }
    }
  }
  std::vector<tensor_ref> tensors;
  for (auto const& name : order) {
    tensors.push_back(
        make_tensor_ref<T>(name, all[name].shape, std::span<T const>(all[name].values)));
  }
  std::filesystem::create_directories(folder);
  write_safetensors(folder / model_folder::weights_name, tensors, {{"format", "pt"}});
  atomic_file config(folder / "config.json");
  config.write(settings.text());
  config.commit();
}

} // namespace dormant
