// SPDX-License-Identifier: MIT
// The one module that knows Python: it opens the libraries that dormant.py makes for models' types.
// Long calls let go of the GIL, except where hooks written in Python listen.
#include "module/arrays.hpp"
#include "module/listeners.hpp"

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <dlfcn.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace dormant;
using namespace dormant::python;
using unlocked = py::call_guard<py::gil_scoped_release>;

namespace {

// Libraries stay open to the end of the process, as models may.
template <class Door>
Door const& open(std::string const& path, char const* function) {
  void* const library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) refuse({"cannot open ", path, ": ", ::dlerror()});
  void* const found = ::dlsym(library, function);
  if (found == nullptr) refuse({path, " is no library of dormant.py: it has no ", function});
  return *reinterpret_cast<Door const* (*)()>(found)();
}

// A model in Python's hands.
struct net {
  model_door const& model;
  std::unique_ptr<net_door> door;
};

py::array logits_of(net const& n, batch const& rows, execution how) {
  auto const size = [](std::size_t s) { return static_cast<py::ssize_t>(s); };
  py::array out(floats(n.model.bytes),
                sizes_of_array{size(rows.rows()), size(rows.context()), size(n.model.shape.vocab)});
  void* const first = out.mutable_data();
  py::gil_scoped_release const release;
  static_cast<void>(n.door->evaluate(rows, how, first));
  return out;
}

// Between steps Python may hear of Ctrl-C.
py::array_t<double> take_steps(trainer_door& run, std::size_t steps) {
  py::array_t<double> losses(static_cast<py::ssize_t>(steps));
  double* const first = losses.mutable_data();
  for (std::size_t i = 0; i < steps; ++i) {
    {
      py::gil_scoped_release const release;
      first[i] = run.step();
    }
    if (PyErr_CheckSignals() != 0) throw py::error_already_set();
  }
  return losses;
}

py::dict named(probe_row const& found) {
  py::dict numbers;
  for (auto const& [name, value] : found.cells()) numbers[py::str(name)] = value;
  return numbers;
}

// Kept for ever: translators have no end, and Python's may come first.
PyObject *error_type = nullptr, *non_finite_type = nullptr;

void report_errors_as(py::object const& other, py::object const& overflow) {
  error_type = other.inc_ref().ptr();
  non_finite_type = overflow.inc_ref().ptr();
}

void translate(std::exception_ptr thrown) {
  try {
    if (thrown) std::rethrow_exception(thrown);
  } catch (non_finite const& e) {
    PyErr_SetString(non_finite_type, e.what());
  } catch (error const& e) {
    PyErr_SetString(error_type, e.what());
  }
}

} // namespace

PYBIND11_MODULE(dormant_glue, m) {
  m.def("report_errors_as", &report_errors_as);
  py::register_local_exception_translator(&translate);
  m.def(
      "open_model",
      [](std::string const& path) { return &open<model_door>(path, "dormant_model"); },
      py::return_value_policy::reference);
  m.def(
      "open_hooks",
      [](std::string const& path) { return &open<hooks_door>(path, "dormant_hooks"); },
      py::return_value_policy::reference);

  py::class_<batch>(m, "Batch")
      .def(py::init(&batch_from))
      .def("__len__", &batch::rows)
      .def_property_readonly("tokens", [](py::object b) { return tokens_of(b.cast<batch&>(), b); })
      .def_property_readonly("triggers",
                             [](py::object b) { return triggers_of(b.cast<batch&>(), b); });

  py::class_<any_task>(m, "Task").def("sample", &any_task::draw, py::arg("rows"),
                                      py::arg("draw") = 0, unlocked());

  py::class_<execution>(m, "Execution").def(py::init([](std::size_t threads, std::size_t shards) {
    return execution{.threads = threads, .shards = shards};
  }));

  py::class_<named_values>(m, "Named")
      .def(py::init<std::string, std::vector<std::pair<std::string, double>>>());

  py::class_<trainer_door>(m, "Trainer")
      .def("step", &trainer_door::step, unlocked())
      .def("steps", &take_steps)
      .def_property_readonly("taken", &trainer_door::steps);

  py::class_<net>(m, "Net")
      .def_property_readonly("names",
                             [](net const& n) {
                               std::vector<std::string> names;
                               for (auto const& t : n.door->tensors())
                                 names.push_back(tensor_name(t));
                               return names;
                             })
      .def("parameter",
           [](py::object self, std::string const& name) {
             auto const& n = self.cast<net&>();
             return array_of(*n.door, find_tensor(n.door->tensors(), name), n.model.bytes, self);
           })
      .def(
          "trainer",
          [](net& n, any_task const& task, named_values const& optimizer, std::size_t batch,
             execution how) {
            return n.door->trainer(task, optimizer,
                                   {.batch = batch, .threads = how.threads, .shards = how.shards});
          },
          py::keep_alive<0, 1>(), py::keep_alive<0, 2>())
      .def(
          "evaluate",
          [](net const& n, batch const& rows, execution how) {
            auto const found = n.door->evaluate(rows, how, nullptr);
            return std::vector{found.loss, found.bigram_risk, found.backcopy_risk};
          },
          unlocked())
      .def("evaluate_heard",
           [](net const& n, hooks_door const& door, batch const& rows,
              std::vector<std::tuple<py::object, std::vector<std::size_t>, bool>> const& given,
              py::object site_type) {
             std::vector<python_hook> hooks;
             for (auto const& [call, sites, writes] : given) hooks.push_back({call, sites, writes});
             python_listener who(door, n.model.bytes, std::move(hooks), std::move(site_type));
             auto const found = door.evaluate(n.door->transformer(), rows, who);
             return std::vector{found.loss, found.bigram_risk, found.backcopy_risk};
           })
      .def("measure",
           [](net const& n, batch const& rows, execution how) {
             probe_row found;
             {
               py::gil_scoped_release const release;
               found = n.door->measure(rows, how);
             }
             return named(found);
           })
      .def("logits", &logits_of);

  py::class_<model_door>(m, "Model")
      .def_property_readonly("sizes",
                             [](model_door const& d) {
                               auto const& s = d.shape;
                               return py::dict(
                                   py::arg("layers") = s.layers, py::arg("heads") = s.heads,
                                   py::arg("width") = s.width, py::arg("vocab") = s.vocab,
                                   py::arg("context") = s.context);
                             })
      .def("net",
           [](model_door const& d, std::uint64_t seed) {
             return net{d, d.net(seed)};
           })
      .def("bigram_backcopy", [](model_door const& d, std::size_t triggers, std::uint64_t seed,
                                 std::size_t bos, double copy, double delimiters) {
        return d.bigram_backcopy({.triggers = triggers,
                                  .seed = seed,
                                  .bos = bos,
                                  .rule = {.copy = copy},
                                  .delimiters = delimiters});
      });

  py::class_<hooks_door>(m, "Hooks").def_property_readonly("sites", [](hooks_door const& d) {
    std::vector<std::pair<std::string, bool>> sites;
    for (auto const& s : d.sites()) sites.emplace_back(s.name, s.editable);
    return sites;
  });
}
