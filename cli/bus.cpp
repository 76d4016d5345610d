#include "bus.hpp"

namespace skein::cli {

void add_bus(CLI::App& root, output& out) {
  auto& bus = *root.add_subcommand("bus", "Run a hub, look at a running one, make its keys");
  bus.require_subcommand(1);
  add_bus_serve(bus, out);
  add_bus_exporter(bus, out);
  add_bus_look(bus, out);
  add_bus_dead(bus, out);
  add_bus_care(bus, out);
  add_bus_keygen(bus, out);
}

}  // namespace skein::cli
