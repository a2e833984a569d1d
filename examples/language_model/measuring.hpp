// SPDX-License-Identifier: MIT
// What the programs that measure a model on texts are asked for alike, and how they begin.
#pragma once

#include "language_model/measure.hpp"
#include "language_model/memory.hpp"
#include "language_model/texts.hpp"

#include "common/command_line.hpp"
#include "common/page.hpp"

#include <fmt/core.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace language_model {

struct measuring {
  std::string model, texts, memory;
  std::uint64_t context = 128, rows = 64, threads = 0;

  [[nodiscard]] dm::execution how() const { return {.threads = threads}; }
};

inline void add_model(program::command_line& options, measuring& asked) {
  options.text("--model", asked.model, "folder with config.json and model.safetensors or shards",
               "DIR");
  options.required("--model");
}
inline void add_texts(program::command_line& options, measuring& asked) {
  options.text("--texts", asked.texts,
               "comma-separated files: texts (.txt, with the folder's tokenizer.json or "
               "tokenizer.model), or token ids: .npy [B, T], or .json as the authors' "
               "input_ids.json",
               "A,B");
  options.required("--texts");
}
/// How much of the texts, of memory and of the machine.
inline void add_limits(program::command_line& options, measuring& asked,
                       std::uint64_t least_context = 1) {
  options.count("--context", asked.context, "tokens of a row at most; the rest is cut off",
                {.least = least_context, .most = 1'000'000});
  options.count("--rows", asked.rows, "rows at most", program::of_a_batch);
  options.text("--memory", asked.memory, memory_help, "SIZE");
  options.count("--threads", asked.threads, "0: all cores", program::of_threads);
}

/// A model and the rows that it is measured on.
struct model_on_texts {
  dm::model_folder folder;
  std::string what;  ///< the model is
  std::string first; ///< stands at position 0
  std::optional<text_tokenizer> words;
  dm::token_rows texts;
  dm::batch rows;

  /// HTML paragraphs that a report begins with.
  [[nodiscard]] std::string about(std::string_view program, measuring const& asked) const {
    return fmt::format("<p>{}; {}.</p><p><code>{} --model {} --texts {}</code></p>",
                       page::escaped(what), page::escaped(first), program,
                       page::escaped(asked.model), page::escaped(asked.texts));
  }
};

/// Opens what is asked for, says what it is and what memory it takes.
/// \param otherwise why one token a row is too few
/// \param copies of the residual streams that are there at a time
/// \throws dormant::error for what cannot be opened, rows of one token, and more than --memory
[[nodiscard]] inline model_on_texts opened(measuring const& asked, std::string_view otherwise,
                                           std::size_t copies = 1) {
  auto folder = dm::model_folder::open(asked.model);
  auto what = described(folder);
  auto words = text_tokenizer::of(folder);
  auto texts = read_rows(asked.texts, words, asked.context, asked.rows);
  auto first = first_tokens(texts, words);
  auto rows = dm::batch_of(texts);
  if (rows.predicted() == 0) dm::refuse({"no row has a second token, so there is ", otherwise});
  fmt::print("{}\n{}\n", what, first);
  keep_within(asked.memory, folder, rows, asked.how(), copies);
  return {std::move(folder), std::move(what),  std::move(first),
          std::move(words),  std::move(texts), std::move(rows)};
}

} // namespace language_model
