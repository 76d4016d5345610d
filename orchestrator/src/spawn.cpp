#include "spawn.hpp"
#include "system_text.hpp"

#include <skein/agents/start_process.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace skein {

namespace {

error refused(std::string const& program, std::string const& why) { return error{errc::io_failed, "cannot start the worker: " + why, program}; }

result<unique_fd> open_output_file(std::string const& path, std::string const& program) {
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path{path}.parent_path(), ignored);
  unique_fd file = agents::above_standard(unique_fd{::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644)});
  if (!file) return refused(program, "its output file " + path + " cannot be opened: " + system_text(errno));
  return file;
}

}  // namespace

result<std::string> find_program(std::string const& name) {
  char const* const set = std::getenv("PATH");
  auto const file = agents::program_file(name, set ? set : agents::usual_path);
  if (!file) return refused(name, file.error().message());
  std::error_code failed;
  auto const path = std::filesystem::absolute(*file, failed);
  if (agents::executable_file(path)) return path.string();
  return refused(path.string(), std::filesystem::exists(path, failed) ? "it may not be executed" : "there is no such program");
}

result<spawned> spawn(spawn_request const& what) {
  spawned made;
  unique_fd const input = agents::above_standard(unique_fd{::open("/dev/null", O_RDONLY | O_CLOEXEC)});
  if (!input) return refused(what.program, "/dev/null: " + system_text(errno));
  unique_fd output;
  if (what.output == worker_output::prefixed) {
    auto ends = agents::make_pipe();
    if (!ends) return refused(what.program, ends.error().message());
    made.output = std::move(ends->read);
    output = std::move(ends->write);
    ::fcntl(made.output.get(), F_SETFL, O_NONBLOCK);
  } else if (what.output == worker_output::file) {
    auto file = open_output_file(what.output_file, what.program);
    if (!file) return file.error();
    output = std::move(*file);
  }
  auto started = agents::start_process({.program = what.program, .arguments = what.arguments, .environment = what.environment,
                                        .working_directory = what.working_directory, .input = input.get(), .output = output.get(), .errors = output.get()});
  if (!started) return refused(what.program, started.error().message());
  made.pid = started->pid;
  made.process = std::move(started->process);
  return made;
}

}  // namespace skein
