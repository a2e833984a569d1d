// SPDX-License-Identifier: MIT
// run.json of a demo.
#include "demo/run_json.hpp"

#include "common/run_info.hpp"

#include <nlohmann/json.hpp>

namespace demo {

using json = nlohmann::ordered_json;

program::folder_plan folder_plan() {
  return {.program = "demo",
          .later = {"report.html", "curves.csv", "measurements.csv", "phenomena.svg", "run.json"}};
}

std::string run_json(setting const& how, dm::bigram_table const& table, training const& done) {
  json all = {{"program", "demo"},
              {"settings",
               {{"first_seed", how.first_seed},
                {"seeds", how.seeds},
                {"steps", how.steps},
                {"batch", how.batch},
                {"adamw_lr", how.adamw_lr},
                {"sgd_lr", how.sgd_lr},
                {"width", shape.width},
                {"context", shape.context},
                {"vocabulary", shape.vocab}}},
              {"shards", 1},
              {"command", how.command()},
              {"task",
               {{"table", how.bigrams.empty() ? "the built-in English table" : how.bigrams},
                {"characters", table.size()},
                {"fingerprint", program::fingerprint_of(table)}}},
              {"runs_at_a_time", done.threads},
              {"seconds", done.seconds}};
  all.update(program::origin_as_json());
  return all.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

} // namespace demo
