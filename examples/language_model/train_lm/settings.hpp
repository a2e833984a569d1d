// SPDX-License-Identifier: MIT
// What `train_lm` is asked for, and the texts it is given.
#pragma once

#include <dormant/checkpoint.hpp>
#include <dormant/shape.hpp>
#include <dormant/source/tokenizer.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace language_model {

namespace dm = dormant;

struct training_settings {
  std::string texts, out = "train_lm", model = "llama", attention = "softmax", tokenizer, prompt;
  std::uint64_t layers = 4, heads = 4, width = 128, mlp_width = 0, context = 256;
  std::uint64_t batch = 32, steps = 4000, warm_up = 100, seed = 0, threads = 0;
  std::uint64_t measure_every = 50, checkpoint_every = 250, sample = 400;
  double lr = 3e-3, weight_decay = 0.1, clip = 1, temperature = 0.8;
  bool resume = false;

  [[nodiscard]] dm::shape shape(std::size_t vocab) const {
    std::uint64_t const usual = model == "llama" ? (8 * width / 3 + 15) / 16 * 16 : 4 * width;
    return {.layers = layers,
            .heads = heads,
            .width = width,
            .vocab = vocab,
            .context = context,
            .mlp_width = mlp_width != 0 ? mlp_width : usual};
  }
};

/// A text, or texts of one kind: most of it to train on, the end to validate on.
struct corpus {
  std::string name; ///< of its file
  std::vector<dm::token> training, validation;
  /// Of the validation part: what makes losses of tokenizers comparable.
  double bytes_of_a_token = 1;
};

struct corpora {
  std::string tokenizer; ///< the text of tokenizer.json that goes with the model
  std::size_t vocab = 0;
  dm::token bos = dm::no_token;
  std::vector<corpus> texts;
};

/// A tokenizer.json whose tokens are the 256 bytes, and `<s>` before a text.
[[nodiscard]] std::string tokenizer_of_bytes();
/// \throws error naming the file that is missing, no text, or too short
[[nodiscard]] corpora read_corpora(training_settings const& s);
/// What a run that goes on has to agree with.
[[nodiscard]] dm::run_identity identity_of(training_settings const& s, corpora const& from);

/// Trains with the rule that `program::rule_by_name` was told; compiled each in a file of its own.
int train_llama(training_settings const& s, corpora const& from);
int train_paper(training_settings const& s, corpora const& from);

} // namespace language_model
