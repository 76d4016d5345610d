// Arguments and environment of a worker.
#include <skein/agents/serve.hpp>

#include <skein/agents/check_agent.hpp>
#include <skein/tracing/elapsed.hpp>
#include <skein/tracing/log.hpp>

#include <CLI/CLI.hpp>

#include <array>
#include <charconv>
#include <cstdlib>
#include <iostream>
#include <string_view>

namespace skein {

namespace {

constexpr unsigned concurrency_max = 4'096;
constexpr std::uint32_t credit_max = 65'536;

/// One option as text, and where it came from.
struct setting {
  std::string flag, variable, type, help;
  std::string text = {};
  std::string source = {};   // `--name` or `SKEIN_NAME`; empty: not given

  [[nodiscard]] bool given() const noexcept { return !source.empty(); }
  [[nodiscard]] error wrong(std::string_view wanted) const {
    return error{errc::invalid_argument, source + " takes " + std::string{wanted} + ", not '" + text + "'"};
  }
};

struct settings {
  setting connect{"--connect", "SKEIN_CONNECT", "ENDPOINT", "Where the hub listens: ipc://PATH or tcp://HOST:PORT"};
  setting key{"--key", "SKEIN_KEY", "FILE", "This worker's secret key, a .key_secret file (skein bus keygen writes them)"};
  setting server_key{"--server-key", "SKEIN_SERVER_KEY", "FILE|KEY", "The hub's public key: its .key file, or the 40 characters themselves"};
  setting name{"--name", "SKEIN_NAME", "NAME", "What the hub knows this worker by; default: program, host name and process id"};
  setting concurrency{"--concurrency", "SKEIN_CONCURRENCY", "N", "Threads that run handlers; default: one per core"};
  setting log{"--log", "SKEIN_LOG", "LEVEL", "trace, debug, info, warn (the default), error or off"};
  setting give_up_after{"--give-up-after", "SKEIN_GIVE_UP_AFTER", "TIME", "Exit with 1 when the hub has not been reached for this long (30s, 5min); default: never"};
  setting grace{"--grace", "SKEIN_GRACE", "TIME", "How long running handlers may take to finish after SIGTERM; default: 10s"};
  setting credit{"--credit", "SKEIN_CREDIT", "N", "Activations of one subscription that wait here at once; default: 64"};

  [[nodiscard]] std::array<setting*, 9> all() {
    return {&connect, &key, &server_key, &name, &concurrency, &log, &give_up_after, &grace, &credit};
  }
};

/// Empty variables count as not set, so that a unit file can leave one blank.
void read_environment(settings& all) {
  for (auto* const one : all.all()) {
    char const* const value = std::getenv(one->variable.c_str());
    if (one->given() || value == nullptr || *value == '\0') continue;
    one->text = value;
    one->source = one->variable;
  }
}

template <class Number>
result<void> read_number(setting const& from, Number least, Number most, Number& to) {
  if (!from.given()) return {};
  auto const* const end = from.text.data() + from.text.size();
  Number value = 0;
  auto const [stopped, failed] = std::from_chars(from.text.data(), end, value);
  if (failed != std::errc{} || stopped != end || value < least || value > most) {
    return from.wrong("a number from " + std::to_string(least) + " to " + std::to_string(most));
  }
  to = value;
  return {};
}

template <class Duration>
result<void> read_duration(setting const& from, Duration& to) {
  if (!from.given()) return {};
  auto const value = parse_duration(from.text);
  if (!value) return from.wrong("a time such as 500ms, 30s or 5min");
  to = *value;
  return {};
}

result<serve_options> read(settings const& from) {
  if (!from.connect.given()) {
    return error{errc::invalid_argument, "--connect (or SKEIN_CONNECT) is missing: where does the hub listen? ipc://PATH or tcp://HOST:PORT"};
  }
  serve_options made;
  made.connect = from.connect.text;
  made.key = from.key.text;
  made.server_key = from.server_key.text;
  made.name = from.name.text;
  made.log = from.log.text;
  if (from.name.given() && !agents::is_name(made.name)) return from.name.wrong("1 to 255 printable ASCII characters without spaces");
  if (from.log.given() && !is_log_level(made.log)) return from.log.wrong("trace, debug, info, warn, error or off");
  for (auto const& read : {read_number(from.concurrency, 0u, concurrency_max, made.concurrency),
                           read_number(from.credit, std::uint32_t{1}, credit_max, made.credit),
                           read_duration(from.give_up_after, made.give_up_after), read_duration(from.grace, made.grace)}) {
    if (!read) return read.error();
  }
  return made;
}

std::string program_of(int argc, char const* const* argv) {
  std::string_view const path = argc > 0 && argv[0] != nullptr ? argv[0] : "worker";
  return std::string{path.substr(path.rfind('/') + 1)};
}

}  // namespace

result<std::optional<serve_options>> parse_serve_options(int argc, char const* const* argv) {
  auto const program = program_of(argc, argv);
  CLI::App app{"A Skein worker: takes work from a hub, until SIGTERM.", program};
  app.set_version_flag("--version", program + " (skein " SKEIN_VERSION ")");
  app.footer("Each option can be given by the variable in parentheses instead; the option wins.\n"
             "Exit codes: 0 asked to stop, 1 the hub refused this worker or was not reached, 2 wrong options or keys.");
  settings all;
  for (auto* const one : all.all()) {
    app.add_option_function<std::string>(
           one->flag,
           [one](std::string const& text) {
             one->text = text;
             one->source = one->flag;
           },
           one->help + " (" + one->variable + ")")
        ->type_name(one->type);
  }
  try {
    app.parse(argc, argv);
  } catch (CLI::ParseError const& stopped) {
    if (stopped.get_exit_code() != 0) return error{errc::invalid_argument, std::string{stopped.what()} + "; --help lists the options"};
    app.exit(stopped);   // --help and --version print themselves
    return std::optional<serve_options>{};
  }
  read_environment(all);
  auto made = read(all);
  if (!made) return made.error();
  return std::optional{std::move(*made)};
}

}  // namespace skein
