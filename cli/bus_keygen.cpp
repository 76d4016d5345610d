// skein bus keygen
#include "bus.hpp"
#include "wrong_setup.hpp"

#include <skein/bus/security.hpp>

namespace skein::cli {

void add_bus_keygen(CLI::App& bus, output& out) {
  struct keygen_options {
    std::string folder;
    std::vector<std::string> workers;
  };
  auto const options = std::make_shared<keygen_options>();
  auto& command = *bus.add_subcommand("keygen", "Make the CURVE keys of a hub and of its workers; keys that are there stay");
  command.add_option("DIR", options->folder, "Gets hub.key_secret, hub.key, and allowed/ with the public keys of those who may connect")->type_name("")->required();
  command.add_option("--worker", options->workers, "Also NAME.key_secret and allowed/NAME.key; may be given several times")->type_name("NAME");
  command.callback([options, &out] {
    auto const written = checked_setup([&] { return bus::generate_keys(options->folder, options->workers).value(); });
    for (auto const& path : written) out.write(path + '\n');
    if (written.empty()) out.write("all keys are there already\n");
  });
}

}  // namespace skein::cli
