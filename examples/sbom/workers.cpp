#include "workers.hpp"

#include "agents.hpp"
#include "root_folder.hpp"

#include <skein/agents/serve.hpp>

#include <chrono>

namespace sbom {

skein::launch_options worker_processes(unsigned count, worker_options const& told) {
  // Of the file that runs: another version may have been installed since.
  std::vector<std::string> command{"/proc/self/exe", "--worker", "--root=" + told.root};
  if (told.hashed.is_everything()) command.emplace_back("--all");
  return {.command = std::move(command), .replicas = count, .name = "file_hasher"};
}

int work(worker_options const& told) {
  char const* const program = "sbom --worker";
  auto options = skein::parse_serve_options(1, &program).value().value();  // the hub tells by SKEIN_CONNECT and SKEIN_NAME
  options.concurrency = 1;
  // Little at once, so that the last packages are spread over all workers.
  options.credit = 4;
  // A file that takes longer is large, and of a run that was interrupted: at the end of others nothing is left to do.
  options.grace = std::chrono::milliseconds{500};
  // Root may run an inventory: it is the one who can read every file. Who hears of all else is the hub.
  options.log = "error";
  return skein::serve(std::move(options), {file_hasher(root_folder::open(told.root).value(), {.hashed = told.hashed})});
}

}  // namespace sbom
