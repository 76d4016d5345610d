// A folder with the keys of a hub and of some workers, as `skein bus keygen` leaves it.
#pragma once

#include <skein/bus/security.hpp>

#include <tracing/support/temporary_folder.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace skein::bus::testing {

class curve_folder {
 public:
  explicit curve_folder(std::vector<std::string> const& workers) { (void)generate_keys(folder_ / "keys", workers).value(); }
  [[nodiscard]] std::string path(std::string const& name) const { return folder_ / ("keys/" + name); }
  [[nodiscard]] curve_keys hub() const { return curve_keys::load(path("hub.key_secret"), path("allowed")); }
  [[nodiscard]] curve_client worker(std::string const& name) const {
    return {curve_key_pair::read(path(name + ".key_secret")).value(), curve_key_pair::read(path("hub.key")).value().public_key};
  }
  void disallow(std::string const& name) const { std::filesystem::remove(path("allowed/" + name + ".key")); }
  void allow(std::string const& name, curve_key_pair const& key) const {
    curve_key_pair{key.public_key, {}}.write(path("allowed/" + name + ".key"), "").value();
  }

 private:
  skein::testing::temporary_folder folder_;
};

}  // namespace skein::bus::testing
