// SPDX-License-Identifier: MIT
// Evaluation in double precision.
#include "evaluate_checkpoint/models.hpp"

template evaluation::results<double> evaluation::evaluate(description const&,
                                                          dm::safetensors_file const&,
                                                          tokens const&,
                                                          std::vector<std::string> const&, bool);
