// SPDX-License-Identifier: MIT
// One attention under every norm, optimizer and depth of the grid: how a unit is trained and
// measured. Each attention has a file of its own in attention/, which is all that a new one needs.
#pragma once

#include "grid/attentions.hpp"
#include "grid/measures.hpp"
#include "grid/optimizers.hpp"
#include "grid/unit.hpp"

#include <dormant/dormant.hpp>
#include <dormant/io/plain_words.hpp>
#include <dormant/part/parts.hpp>
#include <dormant/task/with_registers.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace grid {

inline constexpr dm::shape one_layer{.width = 64, .vocab = 67, .context = 64};
inline constexpr dm::shape three_layers{.layers = 3, .width = 64, .vocab = 67, .context = 64};

/// Bigram-Backcopy with sequences cut to a length that is known when the program runs.
struct cut_task {
  dm::bigram_backcopy<one_layer> const& whole;
  std::size_t context;

  void sample_row(dm::stream which, std::uint64_t step, std::uint64_t row,
                  std::span<dm::token> tokens, std::span<dm::next_token_law> laws) const {
    whole.sample_row(which, step, row, tokens, laws);
  }
  [[nodiscard]] dm::batch sample(std::size_t rows) const {
    return dm::detail::evaluation_rows(*this, rows, 0);
  }
  [[nodiscard]] std::shared_ptr<dm::law_table const> table() const { return whole.table(); }
};

// ---- norms and their places -------------------------------------------------------------------

template <class Norm>
struct pre {
  template <class Branch>
  using around = dm::residual<Norm, Branch>;
  using last = Norm;
};
template <class Norm>
struct post {
  template <class Branch>
  using around = dm::post_residual<Norm, Branch>;
  using last = dm::no_norm;
};
template <class Norm>
struct sandwich {
  template <class Branch>
  using around = dm::residual<Norm, Branch, Norm>;
  using last = Norm;
};

/// A model of these words whose sequences begin with so many registers; they take no place of the
/// task's.
template <std::size_t Registers, dm::shape Shape, class... Words>
struct behind {
  static constexpr dm::shape longer = [] {
    auto s = Shape;
    s.context += Registers;
    return s;
  }();
  using type = dm::transformer<longer, Words..., dm::registers<Registers>>;
};
template <dm::shape Shape, class... Words>
struct behind<0, Shape, Words...> {
  using type = dm::transformer<Shape, Words...>;
};

template <class Place, class Attention, std::size_t Registers>
struct model_of {
  using mlp = typename Place::template around<dm::mlp<>>;
  using whole = dm::block<typename Place::template around<Attention>, mlp>;
  using mlp_only = dm::block<dm::skip<dm::site::resid_mid>, mlp>;
  using last = dm::last_norm<typename Place::last>;
  using one = typename behind<Registers, one_layer, whole, last>::type;
  using minimal =
      typename behind<Registers, three_layers, dm::stack<mlp_only, whole, mlp_only>, last>::type;
};

// ---- training and measuring -------------------------------------------------------------------

inline constexpr std::size_t sequences_measured = 128;

/// \throws dm::non_finite
template <class Net>
dm::probe_row trained_and_measured(unit const& u, auto const& task,
                                   std::function<void()> const& stepped) {
  auto const& c = u.of;
  Net net({.seed = u.seeds.init});
  dm::trainer training(net, task, chosen_optimizer(c),
                       {.steps = c.steps, .batch = c.batch, .threads = 1, .shards = 1});
  for (std::uint64_t i = 0; i < c.steps; ++i) {
    training.step();
    stepped();
  }
  all_measures measured;
  auto const found = dm::evaluate(net, task.sample(sequences_measured), {.threads = 1}, measured);
  if (!std::isfinite(found.loss))
    throw dm::non_finite("the loss of the trained model is not finite");
  dm::probe_row row;
  row.add("loss", found.loss);
  measured.report(row);
  return row;
}

/// Does a unit whose attention this is, and whose sequences begin with so many registers.
template <class Attention, std::size_t Registers = 0>
dm::probe_row done(unit const& u, dm::bigram_table const& table,
                   std::function<void()> const& stepped) {
  dm::bigram_backcopy<one_layer> const whole(
      {.triggers = u.of.triggers, .seed = u.seeds.data, .table = table});
  cut_task const cut{whole, u.of.context};
  dm::with_registers<cut_task, Registers> const task(cut);
  auto const with = [&]<class Place>() {
    using models = model_of<Place, Attention, Registers>;
    if (u.of.depth == "1") return trained_and_measured<typename models::one>(u, task, stepped);
    return trained_and_measured<typename models::minimal>(u, task, stepped);
  };
  std::string_view const norm = u.of.norm;
  if (norm == "pre_rms_norm") return with.template operator()<pre<dm::rms_norm>>();
  if (norm == "post_layer_norm") return with.template operator()<post<dm::layer_norm>>();
  if (norm == "sandwich_rms_norm") return with.template operator()<sandwich<dm::rms_norm>>();
  if (norm == "dyt") return with.template operator()<pre<dm::dyt>>();
  if (norm == "pre_layer_norm") return with.template operator()<pre<dm::layer_norm>>();
  dm::refuse({"this program was built without the norm ", dm::io::in_quotes(norm)});
}

} // namespace grid
