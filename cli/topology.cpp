#include "topology.hpp"

#include <skein/tracing/elapsed.hpp>

#include <toml++/toml.h>

#include <algorithm>
#include <map>

namespace skein::cli {
namespace {

constexpr unsigned number_max = 100'000;

[[noreturn]] void refuse(toml::node const& at, std::string const& why) {
  throw error{errc::invalid_argument, "line " + std::to_string(at.source().begin.line) + ": " + why};
}

/// A table whose keys are taken one by one; what is left at the end is unknown.
class table_reader {
 public:
  explicit table_reader(toml::table const& table) : table_(table) {}

  void text(char const* key, std::string& into) {
    if (auto const* node = take(key)) into = string_of(*node, key);
  }
  void texts(char const* key, std::vector<std::string>& into) {
    auto const* node = take(key);
    if (!node) return;
    auto const* array = node->as_array();
    if (!array) refuse(*node, std::string{key} + " must be an array of strings");
    into.clear();
    for (auto const& one : *array) into.push_back(string_of(one, key));
  }
  void number(char const* key, unsigned& into, unsigned least = 0) {
    auto const* node = take(key);
    if (!node) return;
    auto const value = node->value_exact<std::int64_t>();
    if (!value || *value < least || *value > number_max) {
      refuse(*node, std::string{key} + " must be an integer from " + std::to_string(least) + " to " + std::to_string(number_max));
    }
    into = static_cast<unsigned>(*value);
  }
  void duration(char const* key, std::chrono::nanoseconds& into) {
    auto const* node = take(key);
    if (!node) return;
    auto const text = node->value_exact<std::string>();
    auto const value = text ? parse_duration(*text) : std::nullopt;
    if (!value) refuse(*node, std::string{key} + " must be a duration: \"250ms\", \"30s\", \"5min\"");
    into = *value;
  }
  template <class Value>
  void choice(char const* key, std::map<std::string, Value> const& choices, Value& into) {
    auto const* node = take(key);
    if (!node) return;
    auto const found = choices.find(string_of(*node, key));
    if (found != choices.end()) return void(into = found->second);
    std::string all;
    for (auto const& [name, value] : choices) all += (all.empty() ? "" : ", ") + name;
    refuse(*node, std::string{key} + " must be one of " + all);
  }
  void pairs(char const* key, std::vector<std::pair<std::string, std::string>>& into) {
    if (auto const* inner = table(key)) {
      for (auto const& [name, node] : *inner) into.emplace_back(std::string{name.str()}, string_of(node, std::string{key} + "." + std::string{name.str()}));
    }
  }
  [[nodiscard]] toml::table const* table(char const* key) {
    auto const* node = take(key);
    if (node && !node->as_table()) refuse(*node, std::string{key} + " must be a table");
    return node ? node->as_table() : nullptr;
  }
  [[nodiscard]] toml::array const* tables(char const* key) {
    auto const* node = take(key);
    if (node && !node->is_array_of_tables()) refuse(*node, "write [[" + std::string{key} + "]]");
    return node ? node->as_array() : nullptr;
  }
  void finish() const {
    for (auto const& [key, node] : table_) {
      if (std::find(taken_.begin(), taken_.end(), key.str()) == taken_.end()) refuse(node, "there is no key \"" + std::string{key.str()} + "\" here");
    }
  }

 private:
  toml::node const* take(char const* key) {
    taken_.emplace_back(key);
    return table_.get(key);
  }
  static std::string string_of(toml::node const& node, std::string const& key) {
    auto value = node.value_exact<std::string>();
    if (!value) refuse(node, key + " must be a string");
    return *value;
  }

  toml::table const& table_;
  std::vector<std::string> taken_;
};

launch_options worker_of(toml::table const& table) {
  launch_options made;
  table_reader read{table};
  read.text("name", made.name);
  read.texts("command", made.command);
  read.number("replicas", made.replicas, 1);
  read.choice("restart", {{"never", restart::never}, {"on_failure", restart::on_failure}, {"always", restart::always}}, made.restart);
  read.pairs("environment", made.environment);
  read.text("working_directory", made.working_directory);
  read.choice("output", {{"prefixed", worker_output::prefixed}, {"inherited", worker_output::inherited}, {"file", worker_output::file}}, made.output);
  read.text("output_folder", made.output_folder);
  read.duration("backoff_initial", made.backoff_initial);
  read.duration("backoff_max", made.backoff_max);
  read.number("restarts_max", made.restarts_max);
  read.duration("grace", made.grace);
  read.finish();
  if (made.command.empty()) refuse(table, "a worker needs command = [\"PROGRAM\", …]");
  return made;
}

topology topology_of(toml::table const& root) {
  topology made;
  made.hub.hub.listen = {"ipc://.skein/hub.sock"};
  made.hub.hub.worker_threads = 1;
  table_reader read{root};
  read.text("ledger", made.hub.hub.ledger);
  read.text("traces", made.hub.hub.traces);
  read.texts("listen", made.hub.hub.listen);
  read.text("http", made.hub.http);
  read.duration("lease", made.hub.hub.lease);
  read.duration("grace", made.hub.hub.grace);
  read.texts("wait_for", made.wait_for);
  read.duration("wait_timeout", made.wait_timeout);
  if (auto const* keys = read.table("keys")) {
    table_reader inner{*keys};
    inner.text("secret", made.hub.key_file);
    inner.text("allowed", made.hub.allowed_folder);
    inner.finish();
  }
  if (auto const* workers = read.tables("worker")) {
    for (auto const& one : *workers) made.workers.push_back(worker_of(*one.as_table()));
  }
  read.finish();
  return made;
}

}  // namespace

result<topology> parse_topology(std::string_view text, std::string const& file) {
  try {
    return topology_of(toml::parse(text, file));
  } catch (toml::parse_error const& e) {
    return error{errc::invalid_argument, "line " + std::to_string(e.source().begin.line) + ": " + std::string{e.description()}, file};
  } catch (error const& e) {
    return error{e.code(), e.message(), file};
  }
}

}  // namespace skein::cli
