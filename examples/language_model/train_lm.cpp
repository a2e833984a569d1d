// SPDX-License-Identifier: MIT
// Trains a small language model on texts, and watches its sinks, drains and peaks form.
#include "language_model/train_lm/settings.hpp"

#include "common/by_name.hpp"
#include "common/command_line.hpp"
#include "common/exit_code.hpp"

#include <fmt/format.h>

namespace lm = language_model;

namespace {
int run(lm::training_settings const& s) {
  if (s.width % s.heads != 0 || (s.model == "llama" && s.width / s.heads % 2 != 0)) {
    throw program::usage_error(fmt::format(
        "--heads: {} heads of equal, even width cannot share a width of {}", s.heads, s.width));
  }
  auto const from = lm::read_corpora(s);
  program::choose_rule(s.attention);
  return s.model == "llama" ? lm::train_llama(s, from) : lm::train_paper(s, from);
}
} // namespace

int main(int argc, char** argv) {
  lm::training_settings s;
  program::command_line options("train_lm",
                                "Trains a small language model on texts, and watches its sinks, "
                                "drains and peaks form.");
  options.text(
      "--texts", s.texts,
      "comma-separated texts in UTF-8, or token ids (.npy, .json), drawn equally often; the "
      "last twentieth of each is "
      "for validation",
      "A.txt,B.txt");
  options.required("--texts");
  options.text("--out", s.out,
               "folder to write, new or empty: checkpoints/, log.csv, sample.txt, "
               "resume.safetensors",
               "DIR");
  options.on("--resume", s.resume, "go on with the run in --out, whose other options are the same");
  options.choice("--model", s.model, {"llama", "paper"},
                 "RMSNorm, rotary embedding and gated MLPs, or the paper's");
  options.choice("--attention", s.attention, {"softmax", "relu", "sigmoid", "softmax_n"},
                 "attention rule; checkpoints of softmax are Hugging Face folders");
  options.text(
      "--tokenizer", s.tokenizer,
      "tokenizer.json of texts and token ids; without it a token is a byte, and 256 is <s>",
      "FILE");
  options.count("--layers", s.layers, "layers", {.most = 1000});
  options.count("--heads", s.heads, "attention heads of a layer", {.most = 1000});
  options.count("--width", s.width, "of the residual stream", {.most = 100'000});
  options.count("--mlp-width", s.mlp_width, "0: 8/3 of the width, paper: 4 times the width",
                {.least = 0, .most = 1'000'000});
  options.count("--context", s.context, "tokens of a row", {.least = 2, .most = 1'000'000});
  options.count("--batch", s.batch, "rows of a step", program::of_a_batch);
  options.count("--steps", s.steps, "training steps");
  options.number("--lr", s.lr, "learning rate of AdamW after the warm-up; falls to a tenth",
                 {.least = 0, .open = true, .most = 10});
  options.count("--warm-up", s.warm_up, "steps before the full learning rate", {.least = 0});
  options.number("--weight-decay", s.weight_decay, "decoupled weight decay",
                 {.least = 0, .most = 100});
  options.number("--clip", s.clip, "largest norm of a gradient", {.least = 0, .open = true});
  options.count("--seed", s.seed, "of initial values and rows", program::a_seed);
  options.count("--measure-every", s.measure_every, "steps between two rows of log.csv");
  options.count(
      "--checkpoint-every", s.checkpoint_every,
      "steps between two checkpoints; before the first, steps 0, 16, 32, 64 and so on have one");
  options.count("--sample", s.sample, "tokens that the model writes at the end",
                {.least = 0, .most = 1'000'000});
  options.text("--prompt", s.prompt, "what it goes on after", "TEXT");
  options.number("--temperature", s.temperature, "0: always the most likely token",
                 {.least = 0, .most = 100});
  options.count("--threads", s.threads, "0: all cores; never changes the result",
                program::of_threads);
  return options.run(argc, argv, [&] { return run(s); });
}
