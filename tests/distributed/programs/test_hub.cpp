// A hub that does what the lines of its standard input say, answers each with one line, and ends with the input.
// Arguments: ledger=… traces=… listen=… (any number) key=… allowed=… lease_ms=… grace_ms=… prefix=… (of its answers)
//   agents NAME                         waits until somebody serves it
//   tree DEPTH                          publishes the root of a tree
//   errands COUNT [HOW PATH [OTHERS]]   publishes as many; HOW ("_" for a space) and PATH are the first one's, the others tell OTHERS
//   idle                                run_until_idle: reason, blocked, failures
//   count                               how many leaves, nodes and receipts there are, and how many different ones
#include "distributed/support/tree.hpp"
#include "orchestrator/support/errands.hpp"

#include <skein/skein.hpp>

#include <algorithm>
#include <iostream>
#include <set>
#include <sstream>

using namespace std::chrono_literals;
using skein::testing::errand;
using skein::testing::leaf;
using skein::testing::node;
using skein::testing::receipt;

namespace {

skein::orchestrator_options options_of(int argc, char** argv, std::string& prefix) {
  skein::orchestrator_options made{.worker_threads = 2};
  std::string key, allowed;
  for (int i = 1; i < argc; ++i) {
    std::string const argument = argv[i];
    auto const at = argument.find('=');
    auto const name = argument.substr(0, at), value = argument.substr(at + 1);
    if (name == "ledger") made.ledger = value;
    else if (name == "traces") made.traces = value;
    else if (name == "listen") made.listen.push_back(value);
    else if (name == "key") key = value;
    else if (name == "allowed") allowed = value;
    else if (name == "prefix") prefix = value;
    else if (name == "lease_ms") made.lease = std::chrono::milliseconds{std::stoi(value)};
    else if (name == "grace_ms") made.grace = std::chrono::milliseconds{std::stoi(value)};
    else throw std::runtime_error{"unknown argument " + argument};
  }
  if (!key.empty()) made.keys = skein::curve_keys::load(key, allowed);
  return made;
}

template <class T, class Key>
std::string counted(skein::orchestrator const& hub, Key key) {
  auto const all = hub.artifacts<T>({.all_sessions = true});
  std::set<std::int64_t> different;
  for (auto const& one : all) different.insert((*one).*key);
  return std::to_string(all.size()) + ' ' + std::to_string(different.size());
}

std::string word(std::istringstream& line) {
  std::string text;
  line >> text;
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

std::string obey(skein::orchestrator& hub, std::istringstream line) {
  std::string command;
  line >> command;
  if (command == "agents") {
    hub.wait_for_agents({word(line)}, 60s);
    return "here";
  }
  if (command == "tree") {
    int depth = 0;
    line >> depth;
    hub.publish(node{depth, 0});
    return "published";
  }
  if (command == "errands") {
    int count = 0;
    line >> count;
    auto const how = word(line);
    std::string path, others;
    line >> path >> others;
    std::vector<errand> all{{0, how, path}};
    for (int i = 1; i < count; ++i) all.push_back({i, others.empty() ? "" : "tell", others});
    hub.publish_all(all);
    return "published";
  }
  if (command == "idle") {
    auto const report = hub.run_until_idle();
    return report.reason + ' ' + std::to_string(report.blocked.size()) + ' ' + std::to_string(report.failures.size());
  }
  if (command == "count") return counted<leaf>(hub, &leaf::place) + ' ' + counted<node>(hub, &node::place) + ' ' + counted<receipt>(hub, &receipt::number);
  throw std::runtime_error{"unknown command " + command};
}

}  // namespace

int main(int argc, char** argv) {
  std::string prefix, endpoints;
  skein::orchestrator hub{options_of(argc, argv, prefix)};
  for (auto const& one : hub.endpoints()) endpoints += (endpoints.empty() ? "" : " ") + one;
  auto const answer = [&](std::string const& text) { std::cout << prefix + text + '\n' << std::flush; };
  answer(endpoints);
  for (std::string line; std::getline(std::cin, line);) answer(obey(hub, std::istringstream{line}));
}
