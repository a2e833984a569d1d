// SPDX-License-Identifier: MIT
// What the reference model is made of, in plain loops and double precision: its configuration,
// matrix product, ReLU, layer norm and the attention rules, each with its backward pass under it.
// The model itself is in naive_transformer.hpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace reference {

using std::size_t;

/// Named tensors, row-major: `layers.0.attention.wq.weight`, `layers.0.pattern`, ...
using tensors = std::map<std::string, std::vector<double>>;

enum class rule { softmax, relu, sigmoid, softmax_n, sink_logit, output_gate, gated_relu, none };
/// Whether a rule gates its values; the pattern is that of softmax or relu.
inline bool gated(rule r) { return r == rule::output_gate || r == rule::gated_relu; }
enum class mlp { relu, linear, none };

struct layer_config {
  rule attention = rule::softmax;
  reference::mlp mlp = mlp::relu;
  bool attention_norm = true;
  bool mlp_norm = true;
  bool identity_v = false; ///< W_V is the identity instead of a parameter
  bool identity_o = false; ///< W_O likewise
};

/// The letters of the comments: B batch, T position, C width, H head, D = C / H, F hidden, V vocab.
struct config {
  size_t vocab = 67;
  size_t width = 64;
  size_t context = 64; ///< the longest sequence; one may be shorter
  size_t heads = 1;
  size_t hidden = 256;
  bool post_norm = false;        ///< x = norm(x + f(x)) instead of x + f(norm(x))
  bool final_norm = true;        ///< normalise once more before the output matrix
  bool sincos_positions = false; ///< a fixed table instead of learned positions
  bool tied_output = false;      ///< the output matrix is the token embedding
  std::vector<layer_config> layers = {{}};
};

/// The name and shape of every parameter. A matrix is [out, in]: it maps x to x W^T.
inline std::map<std::string, std::vector<size_t>> parameter_shapes(config const& c) {
  std::map<std::string, std::vector<size_t>> shapes;
  auto const C = c.width, F = c.hidden;
  auto const add_norm = [&](std::string const& name) {
    shapes[name + ".weight"] = {C};
    shapes[name + ".bias"] = {C};
  };
  shapes["tok_embeddings.weight"] = {c.vocab, C};
  if (!c.sincos_positions) shapes["pos_embeddings.weight"] = {c.context, C};
  for (size_t l = 0; l < c.layers.size(); ++l) {
    auto const& layer = c.layers[l];
    auto const at = "layers." + std::to_string(l) + ".";
    if (layer.attention != rule::none) {
      shapes[at + "attention.wq.weight"] = shapes[at + "attention.wk.weight"] = {C, C};
      if (!layer.identity_v) shapes[at + "attention.wv.weight"] = {C, C};
      if (!layer.identity_o) shapes[at + "attention.wo.weight"] = {C, C};
      if (layer.attention == rule::sink_logit) shapes[at + "attention.sink.weight"] = {c.heads};
      if (gated(layer.attention)) shapes[at + "attention.wg.weight"] = {C, C};
      if (layer.attention_norm) add_norm(at + "attention_norm");
    }
    if (layer.mlp == mlp::relu) {
      shapes[at + "ff.w1.weight"] = {F, C};
      shapes[at + "ff.w2.weight"] = {C, F};
    }
    if (layer.mlp == mlp::linear) shapes[at + "ff.weight"] = {C, C};
    if (layer.mlp != mlp::none && layer.mlp_norm) add_norm(at + "ff_norm");
  }
  if (c.final_norm) add_norm("norm");
  if (!c.tied_output) shapes["output.weight"] = {c.vocab, C};
  return shapes;
}

// ---- small parts ------------------------------------------------------------------------------

struct matrix {
  size_t rows = 0;
  size_t cols = 0;
  std::vector<double> values;

  matrix() = default;
  matrix(size_t r, size_t c) : rows(r), cols(c), values(r * c) {}
  matrix(size_t r, size_t c, std::vector<double> v) : rows(r), cols(c), values(std::move(v)) {}

  double& operator()(size_t i, size_t j) { return values[i * cols + j]; }
  double operator()(size_t i, size_t j) const { return values[i * cols + j]; }

  matrix& operator+=(matrix const& other) {
    for (size_t n = 0; n < values.size(); ++n) values[n] += other.values[n];
    return *this;
  }
  friend matrix operator+(matrix a, matrix const& b) { return a += b; }
};

/// y = x W^T
inline matrix linear(matrix const& x, matrix const& w) {
  matrix y(x.rows, w.rows);
  for (size_t t = 0; t < x.rows; ++t)
    for (size_t o = 0; o < w.rows; ++o)
      for (size_t i = 0; i < w.cols; ++i) y(t, o) += w(o, i) * x(t, i);
  return y;
}
/// Returns dx = dy W and adds dy^T x to dW.
inline matrix linear_backward(matrix const& x, matrix const& w, matrix const& dy, matrix& dw) {
  matrix dx(x.rows, x.cols);
  for (size_t t = 0; t < x.rows; ++t)
    for (size_t o = 0; o < w.rows; ++o)
      for (size_t i = 0; i < w.cols; ++i) {
        dx(t, i) += dy(t, o) * w(o, i);
        dw(o, i) += dy(t, o) * x(t, i);
      }
  return dx;
}

inline matrix relu(matrix x) {
  for (auto& value : x.values) value = std::max(value, 0.0);
  return x;
}
/// \param y what relu returned
inline matrix relu_backward(matrix const& y, matrix dy) {
  for (size_t n = 0; n < y.values.size(); ++n)
    if (y.values[n] <= 0) dy.values[n] = 0;
  return dy;
}

inline double sigmoid(double a) { return 1 / (1 + std::exp(-a)); }

/// What the backward pass of a norm needs: the normalised rows, and 1 / standard deviation of each.
struct norm_memory {
  matrix hat;
  std::vector<double> rstd;
};
/// y = hat * weight + bias, hat = (x - mean) / sqrt(variance + 1e-5), row by row
inline matrix norm(matrix const& x, matrix const& weight, matrix const& bias, norm_memory& memory) {
  auto const C = static_cast<double>(x.cols);
  matrix y(x.rows, x.cols);
  memory = {matrix(x.rows, x.cols), std::vector<double>(x.rows)};
  for (size_t t = 0; t < x.rows; ++t) {
    double mean = 0, variance = 0;
    for (size_t c = 0; c < x.cols; ++c) mean += x(t, c) / C;
    for (size_t c = 0; c < x.cols; ++c) variance += (x(t, c) - mean) * (x(t, c) - mean) / C;
    memory.rstd[t] = 1 / std::sqrt(variance + 1e-5);
    for (size_t c = 0; c < x.cols; ++c) {
      memory.hat(t, c) = (x(t, c) - mean) * memory.rstd[t];
      y(t, c) = memory.hat(t, c) * weight(0, c) + bias(0, c);
    }
  }
  return y;
}
/// dx = rstd (dhat - mean(dhat) - hat mean(dhat hat)), dhat = dy weight
inline matrix norm_backward(norm_memory const& memory, matrix const& weight, matrix const& dy,
                            matrix& dweight, matrix& dbias) {
  auto const C = static_cast<double>(dy.cols);
  matrix dx(dy.rows, dy.cols);
  for (size_t t = 0; t < dy.rows; ++t) {
    double mean = 0, along = 0;
    for (size_t c = 0; c < dy.cols; ++c) {
      double const dhat = dy(t, c) * weight(0, c);
      mean += dhat / C;
      along += dhat * memory.hat(t, c) / C;
      dweight(0, c) += dy(t, c) * memory.hat(t, c);
      dbias(0, c) += dy(t, c);
    }
    for (size_t c = 0; c < dy.cols; ++c)
      dx(t, c) = memory.rstd[t] * (dy(t, c) * weight(0, c) - mean - memory.hat(t, c) * along);
  }
  return dx;
}

// ---- attention rules: one query, its visible keys ---------------------------------------------

/// Scores s[0..query] to attention weights.
/// \param sink the learned logit of rule sink_logit
/// \param context the context of the model, whatever the length of the sequence
/// \param thrown_away set to the weight that no key gets
inline std::vector<double> attend(rule r, std::vector<double> const& s, double sink, size_t context,
                                  double& thrown_away) {
  std::vector<double> a(s.size());
  thrown_away = 0;
  if (r == rule::relu || r == rule::gated_relu) {
    for (size_t j = 0; j < s.size(); ++j)
      a[j] = std::max(s[j], 0.0) / static_cast<double>(s.size());
  } else if (r == rule::sigmoid) {
    for (size_t j = 0; j < s.size(); ++j)
      a[j] = sigmoid(s[j] - std::log(static_cast<double>(context)));
  } else {
    // A softmax, for two of the rules with one more logit whose weight is thrown away.
    double const extra = r == rule::sink_logit  ? sink
                         : r == rule::softmax_n ? 0
                                                : -std::numeric_limits<double>::infinity();
    double const top = std::max(extra, *std::max_element(s.begin(), s.end()));
    double sum = std::exp(extra - top);
    for (double const score : s) sum += std::exp(score - top);
    for (size_t j = 0; j < s.size(); ++j) a[j] = std::exp(s[j] - top) / sum;
    thrown_away = std::exp(extra - top) / sum;
  }
  return a;
}
/// dL/dA to dL/ds; adds to dsink.
inline std::vector<double> attend_backward(rule r, std::vector<double> const& a,
                                           std::vector<double> const& da, double thrown_away,
                                           double& dsink) {
  std::vector<double> ds(a.size());
  if (r == rule::relu || r == rule::gated_relu) {
    for (size_t j = 0; j < a.size(); ++j)
      ds[j] = a[j] > 0 ? da[j] / static_cast<double>(a.size()) : 0;
  } else if (r == rule::sigmoid) {
    for (size_t j = 0; j < a.size(); ++j) ds[j] = da[j] * a[j] * (1 - a[j]);
  } else {
    double mean = 0;
    for (size_t j = 0; j < a.size(); ++j) mean += a[j] * da[j];
    for (size_t j = 0; j < a.size(); ++j) ds[j] = a[j] * (da[j] - mean);
    if (r == rule::sink_logit) dsink -= thrown_away * mean;
  }
  return ds;
}

} // namespace reference
