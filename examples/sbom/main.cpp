// sbom: an inventory of a Debian system as an SPDX document. Exit codes: 0 written; 1 failed; 2 wrong usage; 130 interrupted.
#include "agents.hpp"
#include "inventory.hpp"
#include "progress.hpp"
#include "text.hpp"
#include "workers.hpp"

#include <CLI/CLI.hpp>

#include <charconv>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string_view>

#include <unistd.h>

namespace {

constexpr int done = 0, failed = 1, wrong_usage = 2, was_interrupted = 130;

/// https://reproducible-builds.org/specs/source-date-epoch/: with it, equal input gives an equal document.
std::chrono::sys_seconds creation_time() {
  auto const* const given = std::getenv("SOURCE_DATE_EPOCH");
  if (given == nullptr) return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  std::string_view const text{given};
  std::int64_t seconds = 0;
  auto const [end, fault] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  constexpr std::int64_t last_four_digit_year = 253'402'300'799;
  if (fault != std::errc{} || end != text.data() + text.size() || seconds < 0 || seconds > last_four_digit_year) {
    throw CLI::ValidationError{"SOURCE_DATE_EPOCH", "must be seconds since 1970, not '" + sbom::visible(text) + "'"};
  }
  return std::chrono::sys_seconds{std::chrono::seconds{seconds}};
}

struct command_line {
  sbom::inventory_options options;
  bool is_worker = false;   ///< Started by another sbom, with --workers.
};

command_line parse(CLI::App& app, int argc, char** argv) {
  command_line given;
  auto& options = given.options;
  bool all = false;
  app.add_option("--root", options.root, "The root file system to look at")
      ->type_name("DIR")
      ->check(CLI::ExistingDirectory)
      ->capture_default_str();
  app.add_flag("--all", all, "Hash every recorded file, not only " + to_string(options.hashed));
  app.add_option("--output", options.output, "The SPDX document; replaced when it is there")->type_name("FILE")->capture_default_str();
  app.add_option("--threads", options.threads, "Threads that run agents; 0: only the main thread (default: one for each core)")
      ->type_name("N")
      ->check(CLI::Range(0, 1024));
  app.add_option("--workers", options.workers, "Processes of their own that hash files; 0: the program itself does")
      ->type_name("N")
      ->check(CLI::Range(0, 256))
      ->capture_default_str();
  app.add_flag("--worker", given.is_worker)->group("");
  app.add_option("--limit", options.packages_max, "Only the first N packages by name; 0: all")
      ->type_name("N")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.footer("Traces go to .skein/traces.db. SOURCE_DATE_EPOCH sets the document's creation time.\n"
             "Exit codes: 0 written, 1 failed, 2 wrong usage, 130 interrupted (nothing is written then).");
  app.parse(argc, argv);
  if (all) options.hashed = {.files_max = 0, .file_bytes_max = 0};
  options.created = creation_time();
  return given;
}

/// What is to be said is said when the progress line is gone.
void run(sbom::inventory_options const& options) {
  std::ostringstream said;
  std::exception_ptr thrown;
  {
    sbom::progress seen;
    std::optional<sbom::progress_line> line;
    if (::isatty(STDERR_FILENO) == 1) line.emplace(seen);
    try {
      sbom::take_inventory(options, seen, said);
    } catch (...) {
      thrown = std::current_exception();
    }
  }
  std::cout << said.str() << std::flush;
  if (thrown) std::rethrow_exception(thrown);
  if (!std::cout) throw std::runtime_error{"standard output cannot be written"};
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Takes the inventory of a Debian system: packages, licences, changed files; writes an SPDX 2.3 document", "sbom"};
  try {
    auto const given = parse(app, argc, argv);
    if (given.is_worker) return sbom::work({given.options.root, given.options.hashed});
    run(given.options);
    return done;
  } catch (CLI::ParseError const& stopped) {
    return app.exit(stopped) == 0 ? done : wrong_usage;  // --help stops the parsing too.
  } catch (sbom::interrupted const& e) {
    std::cerr << "sbom: " << e.what() << '\n';
    return was_interrupted;
  } catch (std::exception const& e) {
    std::cerr << "sbom: " << e.what() << '\n';
    return failed;
  }
}
