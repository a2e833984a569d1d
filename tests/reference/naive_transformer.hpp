// SPDX-License-Identifier: MIT
// The model in plain loops and double precision: logits, loss and every gradient by hand
// (arXiv 2410.13835, section 2). Everything fast is compared with this file.
//
// The gentlest introduction to the model: glance at the parts in naive_parts.hpp, then read this
// from top to bottom: attention, the MLP, one block, the whole model. Each backward pass stands
// under its forward pass and goes through the same lines in the opposite order.
#pragma once

#include "naive_parts.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace reference {

struct result {
  std::vector<double> logits; ///< [B, T, V]
  double loss = 0;            ///< mean cross-entropy over all B T positions, nats
  tensors gradients;          ///< of the loss, one for every parameter, frozen or not
  tensors sites;              ///< [B, ...], e.g. `embed`, `layers.0.pattern` [B, H, T, T]
};

class transformer {
public:
  transformer(config c, tensors const& parameters) : config_(std::move(c)) {
    for (auto const& [name, shape] : parameter_shapes(config_)) {
      auto const rows = shape.size() == 2 ? shape[0] : 1;
      auto const found = parameters.find(name);
      if (found == parameters.end() || found->second.size() != rows * shape.back())
        throw std::invalid_argument("reference: parameter " + name + " is missing or misshapen");
      w_.insert({name, matrix(rows, shape.back(), found->second)});
      dw_.insert({name, matrix(rows, shape.back())});
    }
  }

  /// \param tokens [B, T + 1]: the first T of a row are read, the last T are to be predicted
  result run(std::span<std::int32_t const> tokens, size_t rows) {
    result_ = {};
    for (auto& [name, gradient] : dw_) gradient = matrix(gradient.rows, gradient.cols);
    auto const T = tokens.size() / rows - 1;
    for (size_t b = 0; b < rows; ++b) {
      auto const row = tokens.subspan(b * (T + 1), T + 1);
      matrix dlogits = forward(row.first(T));
      cross_entropy(dlogits, row.last(T), static_cast<double>(rows * T));
      backward(row.first(T), dlogits);
    }
    result_.logits = result_.sites.at("logits");
    for (auto const& [name, gradient] : dw_) result_.gradients[name] = gradient.values;
    return result_;
  }

private:
  /// What the backward pass of a block needs from its forward pass.
  struct block_memory {
    matrix y1, q, k, v, gate, ungated, z; // all [T, C]
    std::vector<matrix> pattern;          // H times [T query, T key]
    matrix thrown_away;                   // [H, T query]: weight that no key gets
    matrix y2, hidden;                    // [T, C], [T, F]
    norm_memory norm1, norm2;
  };

  // z_h = rule(q_h k_h^T / sqrt(D)) v_h, out = [z_1 .. z_H] W_O^T; head h owns D columns
  matrix attention(std::string const& at, layer_config const& layer, matrix const& y,
                   block_memory& m) {
    size_t const T = y.rows, H = config_.heads, D = config_.width / H;
    m.y1 = y;
    m.q = linear(y, w_.at(at + "attention.wq.weight"));
    m.k = linear(y, w_.at(at + "attention.wk.weight"));
    m.v = layer.identity_v ? y : linear(y, w_.at(at + "attention.wv.weight"));
    note(at + "q", m.q), note(at + "k", m.k), note(at + "v", m.v);

    m.ungated = matrix(T, config_.width);
    m.pattern.assign(H, matrix(T, T));
    m.thrown_away = matrix(H, T);
    for (size_t h = 0; h < H; ++h) {
      matrix scores(T, T);
      for (auto& score : scores.values) score = -std::numeric_limits<double>::infinity();
      for (size_t i = 0; i < T; ++i) {
        std::vector<double> s(i + 1); // causal: the keys up to the query
        for (size_t j = 0; j <= i; ++j) {
          for (size_t d = h * D; d < (h + 1) * D; ++d) s[j] += m.q(i, d) * m.k(j, d);
          scores(i, j) = s[j] /= std::sqrt(static_cast<double>(D));
        }
        auto const a =
            attend(layer.attention, s, sink(at, h), config_.context, m.thrown_away(h, i));
        for (size_t j = 0; j <= i; ++j) {
          m.pattern[h](i, j) = a[j];
          for (size_t d = h * D; d < (h + 1) * D; ++d) m.ungated(i, d) += a[j] * m.v(j, d);
        }
      }
      note(at + "scores", scores);
      note(at + "pattern", m.pattern[h]);
    }

    m.z = m.ungated;
    if (gated(layer.attention)) {
      m.gate = linear(y, w_.at(at + "attention.wg.weight"));
      for (size_t n = 0; n < m.z.values.size(); ++n)
        m.z.values[n] *= m.gate.values[n] = sigmoid(m.gate.values[n]);
    }
    note(at + "z", m.z);
    matrix out = layer.identity_o ? m.z : linear(m.z, w_.at(at + "attention.wo.weight"));
    note(at + "attn_out", out);
    return out;
  }

  matrix attention_backward(std::string const& at, layer_config const& layer, matrix const& dout,
                            block_memory const& m) {
    size_t const T = dout.rows, H = config_.heads, D = config_.width / H;
    matrix dy(T, config_.width);
    matrix dz = layer.identity_o ? dout : back(m.z, at + "attention.wo.weight", dout);
    if (gated(layer.attention)) {
      matrix dgate(T, config_.width);
      for (size_t n = 0; n < dz.values.size(); ++n) {
        double const g = m.gate.values[n];
        dgate.values[n] = dz.values[n] * m.ungated.values[n] * g * (1 - g);
        dz.values[n] *= g;
      }
      dy += back(m.y1, at + "attention.wg.weight", dgate);
    }

    matrix dq(T, config_.width), dk(T, config_.width), dv(T, config_.width);
    for (size_t h = 0; h < H; ++h)
      for (size_t i = 0; i < T; ++i) {
        std::vector<double> a(i + 1), da(i + 1);
        for (size_t j = 0; j <= i; ++j) {
          a[j] = m.pattern[h](i, j);
          for (size_t d = h * D; d < (h + 1) * D; ++d) {
            da[j] += dz(i, d) * m.v(j, d);
            dv(j, d) += dz(i, d) * a[j];
          }
        }
        double dsink = 0;
        auto ds = attend_backward(layer.attention, a, da, m.thrown_away(h, i), dsink);
        if (layer.attention == rule::sink_logit)
          dw_.at(at + "attention.sink.weight")(0, h) += dsink;
        for (size_t j = 0; j <= i; ++j) {
          ds[j] /= std::sqrt(static_cast<double>(D));
          for (size_t d = h * D; d < (h + 1) * D; ++d) {
            dq(i, d) += ds[j] * m.k(j, d);
            dk(j, d) += ds[j] * m.q(i, d);
          }
        }
      }

    dy += layer.identity_v ? dv : back(m.y1, at + "attention.wv.weight", dv);
    dy += back(m.y1, at + "attention.wk.weight", dk);
    dy += back(m.y1, at + "attention.wq.weight", dq);
    return dy;
  }

  // out = relu(y W_1^T) W_2^T, or y W_1^T where the layer's MLP is linear
  matrix feed_forward(std::string const& at, layer_config const& layer, matrix const& y,
                      block_memory& m) {
    m.y2 = y;
    matrix out = linear(y, w_.at(at + (layer.mlp == mlp::linear ? "ff.weight" : "ff.w1.weight")));
    if (layer.mlp == mlp::relu) {
      note(at + "mlp_pre", out);
      m.hidden = relu(out);
      note(at + "mlp_hidden", m.hidden);
      out = linear(m.hidden, w_.at(at + "ff.w2.weight"));
    }
    note(at + "mlp_out", out);
    return out;
  }

  matrix feed_forward_backward(std::string const& at, layer_config const& layer, matrix const& dout,
                               block_memory const& m) {
    if (layer.mlp == mlp::linear) return back(m.y2, at + "ff.weight", dout);
    matrix const dhidden = back(m.hidden, at + "ff.w2.weight", dout);
    return back(m.y2, at + "ff.w1.weight", relu_backward(m.hidden, dhidden));
  }

  // x + f(norm(x)); in a post-norm model norm(x + f(x)); without a norm x + f(x)
  template <class F>
  matrix around(bool normed, std::string const& name, std::string const& site, norm_memory& memory,
                matrix x, F f) {
    if (normed && !config_.post_norm) return x + f(normalise(name, site, x, memory));
    x += f(x);
    return normed ? normalise(name, site, x, memory) : x;
  }
  template <class F>
  matrix around_backward(bool normed, std::string const& name, norm_memory const& memory, matrix dx,
                         F f) {
    if (normed && !config_.post_norm) return dx + normalise_backward(name, memory, f(dx));
    if (normed) dx = normalise_backward(name, memory, dx);
    return dx + f(dx);
  }

  // around attention, then around the MLP
  matrix block(size_t l, matrix x) {
    auto const at = "layers." + std::to_string(l) + ".";
    auto const& layer = config_.layers[l];
    auto& m = memory_[l];
    note(at + "resid_pre", x);
    if (layer.attention != rule::none)
      x = around(layer.attention_norm, at + "attention_norm", at + "norm1", m.norm1, x,
                 [&](matrix const& y) { return attention(at, layer, y, m); });
    note(at + "resid_mid", x);
    if (layer.mlp != mlp::none)
      x = around(layer.mlp_norm, at + "ff_norm", at + "norm2", m.norm2, x,
                 [&](matrix const& y) { return feed_forward(at, layer, y, m); });
    note(at + "resid_post", x);
    return x;
  }
  matrix block_backward(size_t l, matrix dx) {
    auto const at = "layers." + std::to_string(l) + ".";
    auto const& layer = config_.layers[l];
    auto const& m = memory_[l];
    if (layer.mlp != mlp::none)
      dx = around_backward(layer.mlp_norm, at + "ff_norm", m.norm2, dx, [&](matrix const& dout) {
        return feed_forward_backward(at, layer, dout, m);
      });
    if (layer.attention != rule::none)
      dx = around_backward(
          layer.attention_norm, at + "attention_norm", m.norm1, dx,
          [&](matrix const& dout) { return attention_backward(at, layer, dout, m); });
    return dx;
  }

  // tokens to logits [T, V]
  matrix forward(std::span<std::int32_t const> inputs) {
    matrix x(inputs.size(), config_.width), positions(inputs.size(), config_.width);
    auto const& tokens = w_.at("tok_embeddings.weight");
    for (size_t t = 0; t < x.rows; ++t)
      for (size_t c = 0; c < x.cols; ++c) {
        x(t, c) = tokens(static_cast<size_t>(inputs[t]), c);
        positions(t, c) = position(t, c);
      }
    note("tok_embed", x);
    note("pos_embed", positions);
    x += positions;
    note("embed", x);
    memory_.assign(config_.layers.size(), {});
    for (size_t l = 0; l < config_.layers.size(); ++l) x = block(l, std::move(x));
    last_ = config_.final_norm ? normalise("norm", "final_norm", x, final_) : x;
    matrix logits = linear(last_, w_.at(output_name()));
    note("logits", logits);
    return logits;
  }

  void backward(std::span<std::int32_t const> inputs, matrix const& dlogits) {
    matrix dx = back(last_, output_name(), dlogits);
    if (config_.final_norm) dx = normalise_backward("norm", final_, dx);
    for (size_t l = config_.layers.size(); l-- > 0;) dx = block_backward(l, std::move(dx));
    for (size_t t = 0; t < dx.rows; ++t)
      for (size_t c = 0; c < dx.cols; ++c) {
        dw_.at("tok_embeddings.weight")(static_cast<size_t>(inputs[t]), c) += dx(t, c);
        if (!config_.sincos_positions) dw_.at("pos_embeddings.weight")(t, c) += dx(t, c);
      }
  }

  // Adds -log softmax(logits)[target] / positions to the loss; the logits become their gradient,
  // (softmax(logits) - one_hot(target)) / positions.
  void cross_entropy(matrix& logits, std::span<std::int32_t const> targets, double positions) {
    for (size_t t = 0; t < logits.rows; ++t) {
      double top = logits(t, 0), sum = 0;
      auto const target = static_cast<size_t>(targets[t]);
      for (size_t v = 0; v < logits.cols; ++v) top = std::max(top, logits(t, v));
      for (size_t v = 0; v < logits.cols; ++v) sum += std::exp(logits(t, v) - top);
      result_.loss += (std::log(sum) + top - logits(t, target)) / positions;
      for (size_t v = 0; v < logits.cols; ++v)
        logits(t, v) = (std::exp(logits(t, v) - top) / sum - (v == target ? 1 : 0)) / positions;
    }
  }

  // learned, or sin(t / 10000^(2i/C)) in column 2i and its cosine in column 2i + 1
  double position(size_t t, size_t c) const {
    if (!config_.sincos_positions) return w_.at("pos_embeddings.weight")(t, c);
    auto const exponent = static_cast<double>(c - c % 2) / static_cast<double>(config_.width);
    auto const angle = static_cast<double>(t) / std::pow(10000, exponent);
    return c % 2 == 0 ? std::sin(angle) : std::cos(angle);
  }

  // Names and bookkeeping.

  std::string output_name() const {
    return config_.tied_output ? "tok_embeddings.weight" : "output.weight";
  }
  double sink(std::string const& at, size_t head) const {
    auto const found = w_.find(at + "attention.sink.weight");
    return found == w_.end() ? 0 : found->second(0, head);
  }
  matrix back(matrix const& x, std::string const& name, matrix const& dy) {
    return linear_backward(x, w_.at(name), dy, dw_.at(name));
  }
  matrix normalise(std::string const& name, std::string const& site, matrix const& x,
                   norm_memory& memory) {
    matrix y = norm(x, w_.at(name + ".weight"), w_.at(name + ".bias"), memory);
    matrix scale(x.rows, 1);
    for (size_t t = 0; t < x.rows; ++t) scale(t, 0) = 1 / memory.rstd[t];
    note(site + "_scale", scale);
    note(site, y);
    return y;
  }
  matrix normalise_backward(std::string const& name, norm_memory const& memory, matrix const& dy) {
    return norm_backward(memory, w_.at(name + ".weight"), dy, dw_.at(name + ".weight"),
                         dw_.at(name + ".bias"));
  }
  void note(std::string const& site, matrix const& m) {
    auto& all = result_.sites[site];
    all.insert(all.end(), m.values.begin(), m.values.end());
  }

  config config_;
  std::map<std::string, matrix> w_;  // parameters
  std::map<std::string, matrix> dw_; // their gradients
  std::vector<block_memory> memory_; // of the sequence being worked on
  norm_memory final_;
  matrix last_; // what the output matrix reads
  result result_;
};

} // namespace reference
