// SPDX-License-Identifier: MIT
// What the initial weights of a one-layer model say about its head before any training, and edits
// that move one such property and leave the rest as it was. For models of one head whose norms are
// as they are drawn: weight 1, bias 0.
#pragma once

#include "dormant/evaluate.hpp"
#include "dormant/intervention/pattern.hpp"
#include "dormant/model/transformer.hpp"
#include "dormant/random.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace paper::initial {

namespace dm = dormant;
using vector = std::vector<double>;

inline constexpr char const* wq = "layers.0.attention.wq.weight";
inline constexpr char const* wk = "layers.0.attention.wk.weight";
inline constexpr char const* wv = "layers.0.attention.wv.weight";
inline constexpr char const* positions = "pos_embeddings.weight";

[[nodiscard]] inline double norm(vector const& x) {
  double square = 0;
  for (double const v : x) square += v * v;
  return std::sqrt(square);
}

/// The state that attention reads at position 0, normalised. \returns [C]
template <class Net>
[[nodiscard]] vector state_of_bos(Net const& net, dm::token bos) {
  auto const tokens = net.parameter("tok_embeddings.weight"), at = net.parameter(positions);
  auto const C = at.shape(1);
  vector x(C);
  double mean = 0, square = 0;
  for (std::size_t c = 0; c < C; ++c) {
    x[c] = static_cast<double>(tokens(static_cast<std::size_t>(bos), c)) +
           static_cast<double>(at(0, c));
    mean += x[c] / static_cast<double>(C);
  }
  for (double& v : x) {
    v -= mean;
    square += v * v / static_cast<double>(C);
  }
  for (double& v : x) v /= std::sqrt(square + 1e-5);
  return x;
}

/// A matrix times a vector. \param m [R, C] \returns [R]
template <class Matrix>
[[nodiscard]] vector times(Matrix const& m, vector const& x) {
  vector y(m.shape(0));
  for (std::size_t r = 0; r < y.size(); ++r) {
    for (std::size_t c = 0; c < x.size(); ++c) y[r] += static_cast<double>(m(r, c)) * x[c];
  }
  return y;
}

// ---- how much the position before the query is scored -------------------------------------------

/// Mean over t >= 1 of (W_Q p_t) . (W_K p_(t-1)) / sqrt(C) of the position embeddings p alone, and
/// its gradient by W_K, row by row.
template <class Net>
[[nodiscard]] std::pair<double, vector> previous_score(Net const& net) {
  auto const at = net.parameter(positions), q = net.parameter(wq), k = net.parameter(wk);
  auto const T = at.shape(0), C = at.shape(1);
  double const scale = 1 / (std::sqrt(static_cast<double>(C)) * static_cast<double>(T - 1));
  vector gradient(C * C);
  vector here(C), before(C);
  for (std::size_t t = 1; t < T; ++t) {
    for (std::size_t c = 0; c < C; ++c) {
      here[c] = static_cast<double>(at(t, c));
      before[c] = static_cast<double>(at(t - 1, c));
    }
    auto const query = times(q, here);
    for (std::size_t r = 0; r < C; ++r) {
      for (std::size_t c = 0; c < C; ++c) gradient[r * C + c] += scale * query[r] * before[c];
    }
  }
  double score = 0; // it is linear in W_K
  for (std::size_t r = 0; r < C; ++r) {
    for (std::size_t c = 0; c < C; ++c) score += gradient[r * C + c] * static_cast<double>(k(r, c));
  }
  return {score, gradient};
}

/// Adds `by` times a direction of the same shape to a matrix.
template <class Net>
void add_to(Net& net, char const* name, vector const& direction, double by) {
  auto m = net.parameter(name);
  for (std::size_t r = 0; r < m.shape(0); ++r) {
    for (std::size_t c = 0; c < m.shape(1); ++c) {
      m(r, c) += static_cast<typename Net::scalar>(by * direction[r * m.shape(1) + c]);
    }
  }
}

/// A random direction of that length, at right angles to one.
[[nodiscard]] inline vector sideways(vector const& of, double length, std::uint64_t seed) {
  dm::random_stream draw(seed, dm::stream::user, 2, 0);
  vector out(of.size());
  double along = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = draw.normal();
    along += out[i] * of[i];
  }
  double const square = norm(of) * norm(of);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] -= along / square * of[i];
  double const now = norm(out);
  for (double& v : out) v *= length / now;
  return out;
}

/// Gives `previous_score` a value by the smallest change of W_K that does.
/// \returns the Frobenius norm of the change
template <class Net>
double set_previous_score(Net& net, double value) {
  auto const [score, gradient] = previous_score(net);
  double const length = norm(gradient);
  add_to(net, wk, gradient, (value - score) / (length * length));
  return std::abs(value - score) / length;
}

/// The control: a change of W_K of that size which leaves `previous_score` as it is.
template <class Net>
void shake_keys(Net& net, double size, std::uint64_t seed) {
  add_to(net, wk, sideways(previous_score(net).second, size, seed), 1);
}

// ---- what attending to <s> would cost
// ------------------------------------------------------------

/// Bigram risk if every query attended to `<s>` alone, minus bigram risk as the head is: below 0,
/// what `<s>` adds to the other positions helps them.
template <class Net>
[[nodiscard]] double sink_harm(Net const& net, dm::batch const& on) {
  return dm::evaluate(net, on, {1, 1}, dm::attend_only_to_bos{}).bigram_risk -
         dm::evaluate(net, on, {1, 1}).bigram_risk;
}

/// Adds a vector to the value of `<s>` by a change of W_V of rank one, which moves the values of
/// other states only as far as they resemble that of `<s>`.
template <class Net>
void add_to_value(Net& net, dm::token bos, vector const& by) {
  auto const state = state_of_bos(net, bos);
  double const square = norm(state) * norm(state);
  vector change(by.size() * state.size());
  for (std::size_t r = 0; r < by.size(); ++r) {
    for (std::size_t c = 0; c < state.size(); ++c)
      change[r * state.size() + c] = by[r] * state[c] / square;
  }
  add_to(net, wv, change, 1);
}

/// How bigram risk changes with each element of the value of `<s>` when every query attends to it
/// alone, by differences. \returns [C]
template <class Net>
[[nodiscard]] vector gradient_of_harm(Net const& net, dm::token bos, dm::batch const& on) {
  constexpr double step = 0.1; // |v_0| is near 4.6
  vector gradient(net.parameter(wv).shape(0));
  auto const risk = [&](std::size_t d, double by) {
    Net moved = net;
    vector change(gradient.size());
    change[d] = by;
    add_to_value(moved, bos, change);
    return dm::evaluate(moved, on, {1, 1}, dm::attend_only_to_bos{}).bigram_risk;
  };
  for (std::size_t d = 0; d < gradient.size(); ++d)
    gradient[d] = (risk(d, step) - risk(d, -step)) / (2 * step);
  return gradient;
}

/// Moves the value of `<s>` against its gradient until `sink_harm` has a value, or nearly: the
/// secant method, at most five moves.
/// \returns the change of the value [C]
template <class Net>
vector set_sink_harm(Net& net, dm::token bos, dm::batch const& on, double value) {
  auto const direction = gradient_of_harm(net, bos, on);
  Net const before = net;
  vector change(direction.size());
  double at = 0, last = 0, harm = sink_harm(net, on), harm_last = harm;
  double slope = norm(direction) * norm(direction);
  for (int n = 0; n < 5 && std::abs(harm - value) > 1e-3; ++n) {
    if (n > 0 && at != last) slope = (harm - harm_last) / (at - last);
    last = at;
    harm_last = harm;
    at += (value - harm) / slope;
    for (std::size_t d = 0; d < change.size(); ++d) change[d] = at * direction[d];
    net = before;
    add_to_value(net, bos, change);
    harm = sink_harm(net, on);
  }
  return change;
}

} // namespace paper::initial
