// The agents of the inventory. They know nothing of the program around them, so that any host can run them.
//
//   dpkg.package ─┬─ licence_reader ── dpkg.licences ───┬─ joiner ── sbom.component ─ ─ ┐
//                 └─ file_hasher ──── dpkg.file_check ──┘      sbom.document_order ── document_writer ── sbom.document
#pragma once

#include "artifacts.hpp"
#include "root_folder.hpp"

#include <skein/agents/agent.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace sbom {

/// The inventory was ended early. Thrown by handlers that were told so in the middle of their work; never retried.
class interrupted : public skein::permanent_error {
 public:
  using permanent_error::permanent_error;
};

/// How the two agents that read files do so.
struct reading_options {
  sample hashed = {};
  std::uint32_t concurrency = 1;   ///< Packages of each agent at once on one host.
};

/// Reads usr/share/doc/<package>/copyright.
[[nodiscard]] skein::agent licence_reader(root_folder root, reading_options options = {});

/// Hashes installed files and compares; throws `interrupted` in the middle of a file when its result is not wanted any more.
[[nodiscard]] skein::agent file_hasher(root_folder root, reading_options options = {});

/// What the joiner has seen of a package.
struct package_progress {
  std::size_t packages = 0, files = 0, bytes = 0;
};

/// Joins both results of a package to a component. `seen` is told what each call adds, on the handler's thread.
[[nodiscard]] skein::agent joiner(std::function<void(package_progress)> seen = {});

/// Where the document goes, and what it says of its making.
struct document_options {
  std::string path;
  std::chrono::sys_seconds created = {};
};

/// Writes the SPDX document of all components of the run that the order belongs to. A file that cannot be written fails the activation;
/// of an inventory that was ended early it writes none.
[[nodiscard]] skein::agent document_writer(document_options options);

}  // namespace sbom
