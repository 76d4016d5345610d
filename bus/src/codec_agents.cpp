#include "codec_values.hpp"

#include <skein/registry/cron.hpp>
#include <skein/registry/failure.hpp>

#include <algorithm>
#include <limits>

namespace skein::bus::wire {

// ---- conditions ----
// Flat, parents before their operands: the depth of a frame does not grow with the depth of a condition.

namespace {

std::size_t nodes_of(field_expression const& one) {
  std::size_t count = 1;
  for (auto const& operand : one.operands) count += nodes_of(operand);
  return count;
}

void write_node(writer& out, field_expression const& one) {
  out.fields(4);
  out.enumerator(one.op);
  out.text(one.path);
  out.items(one.values.size(), "values in one condition");
  for (auto const& value : one.values) {
    if (auto const* flag = std::get_if<bool>(&value)) out.boolean(*flag);
    if (auto const* number = std::get_if<std::int64_t>(&value)) out.sint(*number);
    if (auto const* number = std::get_if<std::uint64_t>(&value)) out.uint(*number);
    if (auto const* number = std::get_if<double>(&value)) out.real(*number);
    if (auto const* text = std::get_if<std::string>(&value)) out.text(*text);
  }
  out.uint(one.operands.size());
  for (auto const& operand : one.operands) write_node(out, operand);
}

void write(writer& out, field_expression const& one) {
  if (auto const right = check(one); !right) return out.fail(error{right.error().code(), "a condition cannot travel: " + right.error().message()});
  out.items(nodes_of(one), "parts of one condition");
  write_node(out, one);
}

field_value read_value(reader& in) {
  switch (in.next_type()) {
    case reader::wire_type::boolean: return in.boolean();
    case reader::wire_type::integer:
      if (in.next_is_unsigned_only()) return in.uint();
      return in.sint();
    case reader::wire_type::real: return in.real();
    case reader::wire_type::text: return in.text();
    default: in.fail_here("expected a bool, an integer, a float or a string"); return {};
  }
}

field_expression read_expression(reader& in) {
  field_expression root;
  // Nodes whose operands are still to come: a node's operands do not move, as room for all of them is made at once.
  struct open_node {
    field_expression* node;
    std::size_t missing, depth;
  };
  std::vector<open_node> open;
  bool started = false;
  in.items(4, [&](std::size_t count) {
    if (count > field_expression_nodes_max) in.fail_before("a condition of more than " + std::to_string(field_expression_nodes_max) + " parts");
  }, [&] {
    if (started && open.empty()) return in.fail_here("the condition is complete before this part");
    auto& node = started ? open.back().node->operands.emplace_back() : root;
    auto const depth = started ? open.back().depth + 1 : 1;
    if (started && --open.back().missing == 0) open.pop_back();
    started = true;
    in.fields(4, [&] {
      node.op = in.enumerator(last_field_op);
      node.path = in.text();
      in.list(node.values, 1, [&] { return read_value(in); });
      auto const operands = in.uint(field_expression_nodes_max);
      if (operands == 0) return;
      if (depth >= field_expression_depth_max) return in.fail_before("the condition is nested deeper than " + std::to_string(field_expression_depth_max));
      node.operands.reserve(operands);
      open.push_back({&node, operands, depth});
    });
  });
  if (in.ok() && (!started || !open.empty())) in.fail_before("the condition ends before it is complete");
  if (!in.ok()) return root;
  if (auto const right = check(root); !right) in.fail_before(right.error().message());
  return root;
}

// ---- subscriptions ----

void write(writer& out, timer_schedule const& value) {
  if (value == timer_schedule{}) return out.nil();
  out.fields(3);
  out.sint(value.every.count());
  out.sint(value.at.time_since_epoch().count());
  out.text(value.cron);
}

/// How many elements are sent: those at the end that hold their defaults are left out, so that peers which know fewer read the same.
std::size_t elements_of(subscription_descriptor const& of) {
  if (of.timer != timer_schedule{}) return 17;
  if (!of.exclusive.empty()) return 16;
  if (of.across_runs) return 15;
  if (of.batch_age.count() != 0) return 14;
  if (of.batch_max != 0) return 13;
  if (of.within_count != 0) return 12;
  if (of.within.count() != 0) return 11;
  if (!of.keys.empty()) return 10;
  return of.filters.empty() ? 8 : 9;
}

void write(writer& out, subscription_descriptor const& value) {
  auto const count = elements_of(value);
  out.fields(count);
  out.uint(value.ordinal);
  out.texts(value.types, "types in one subscription");
  out.enumerator(value.grouping);
  out.texts(value.from, "producers in one subscription");
  out.texts(value.tagged, "tags in one subscription");
  out.boolean(value.has_predicate);
  out.sint(value.priority);
  out.boolean(value.self_trigger);
  if (count > 8) {
    out.items(value.filters.size(), "conditions in one subscription");
    for (auto const& one : value.filters) {
      out.fields(2);
      out.text(one.type);
      write(out, one.where);
    }
  }
  if (count > 9) out.texts(value.keys, "keys in one subscription");
  if (count > 10) out.sint(value.within.count());
  if (count > 11) out.uint(value.within_count);
  if (count > 12) out.uint(value.batch_max);
  if (count > 13) out.sint(value.batch_age.count());
  if (count > 14) out.boolean(value.across_runs);
  if (count > 15) out.text(value.exclusive);
  if (count > 16) write(out, value.timer);
}

std::chrono::nanoseconds read_duration(reader& in, std::int64_t lowest = 0) { return std::chrono::nanoseconds{in.sint(lowest)}; }

type_condition read_filter(reader& in, std::vector<std::string> const& types) {
  type_condition value;
  in.fields(2, [&] {
    value.type = in.name();
    if (in.ok() && std::ranges::find(types, value.type) == types.end()) in.fail_before("the subscription does not take artifacts of this type");
    value.where = read_expression(in);
  });
  return value;
}

timer_schedule read_timer(reader& in) {
  if (in.nil()) return {};
  timer_schedule value;
  in.fields(3, [&] {
    value.every = read_duration(in);
    value.at = in.time();
    value.cron = in.text();
    if (!in.ok() || value.cron.empty()) return;
    if (auto const read = parse_cron(value.cron); !read) in.fail_before(read.error().message());
  });
  int const set = (value.every.count() != 0) + (value.at.time_since_epoch().count() != 0) + !value.cron.empty();
  if (in.ok() && set != 1) in.fail_before("a timer has exactly one of an interval, a time and a cron text");
  return value;
}

/// Why a subscription has no meaning, though each of its elements has; empty when it has one.
std::string_view nonsense(subscription_descriptor const& of) {
  bool const timer = of.grouping == grouping::timer, waits = of.grouping == grouping::all || of.grouping == grouping::join;
  if (timer && of.timer == timer_schedule{}) return "grouping timer needs a timer";
  if (!timer && of.timer != timer_schedule{}) return "a timer needs grouping timer";
  if (timer && of.batch_max > 0) return "the ticks of a timer cannot be batched";
  if (of.grouping != grouping::join && !of.keys.empty()) return "keys need grouping join";
  if (!waits && (of.within.count() > 0 || of.within_count > 0)) return "a limit of waiting needs grouping all or join";
  if (of.batch_age.count() > 0 && of.batch_max == 0) return "the age of a batch needs its size";
  if (!of.exclusive.empty() && (of.is_grouped() || timer)) return "only single artifacts can be competed for";
  return {};
}

subscription_descriptor read_subscription(reader& in) {
  subscription_descriptor value;
  in.fields(2, [&] {
    value.ordinal = in.as_uint<std::uint32_t>();
    in.list(value.types, 2, [&] { return in.name(); });
    if (in.ok() && value.types.empty()) in.fail_before("a subscription needs a type");
    if (in.more()) value.grouping = in.enumerator(last_grouping);
    if (in.ok() && value.grouping == grouping::single && value.types.size() != 1) in.fail_before("grouping single takes one type");
    if (in.ok() && value.grouping == grouping::timer && (value.types.size() != 1 || value.types.front() != type_of<tick>().name)) {
      in.fail_before("grouping timer takes skein.tick alone");
    }
    if (in.more()) in.texts(value.from);
    if (in.more()) in.texts(value.tagged);
    if (in.more()) value.has_predicate = in.boolean();
    if (in.more()) value.priority = static_cast<std::int32_t>(
        in.sint(std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max()));
    if (in.more()) value.self_trigger = in.boolean();
    if (in.more()) in.list(value.filters, 6, [&] { return read_filter(in, value.types); });
    if (in.more()) in.list(value.keys, 2, [&] { return in.name(); });
    if (in.ok() && !value.keys.empty() && value.keys.size() != value.types.size()) in.fail_before("a join has one key for each of its types");
    if (in.more()) value.within = read_duration(in);
    if (in.more()) value.within_count = in.uint();
    if (in.more()) value.batch_max = in.as_uint<std::uint32_t>();
    if (in.more()) value.batch_age = read_duration(in);
    if (in.more()) value.across_runs = in.boolean();
    if (in.more()) value.exclusive = in.text();
    if (in.more()) value.timer = read_timer(in);
  });
  if (!in.ok()) return value;
  if (auto const why = nonsense(value); !why.empty()) in.fail_before(why);
  return value;
}

// ---- policies ----

void write(writer& out, retry_policy const& value) {
  out.fields(6);
  out.uint(value.attempts_max);
  out.uint(value.losses_max);
  out.sint(value.backoff_initial.count());
  out.real(value.backoff_factor);
  out.sint(value.backoff_max.count());
  out.real(value.jitter);
}

double read_real_between(reader& in, double lowest, double highest) {
  auto const value = in.real();
  // Written so that NaN fails too.
  if (in.ok() && !(value >= lowest && value <= highest)) {
    in.fail_before("must lie between " + std::to_string(lowest) + " and " + std::to_string(highest));
  }
  return value;
}

retry_policy read_retry(reader& in) {
  retry_policy value;
  in.fields(6, [&] {
    value.attempts_max = in.as_uint<std::uint32_t>(1);
    value.losses_max = in.as_uint<std::uint32_t>(1);
    value.backoff_initial = read_duration(in);
    value.backoff_factor = read_real_between(in, 1.0, 1e9);
    value.backoff_max = read_duration(in);
    value.jitter = read_real_between(in, 0.0, 1.0);
  });
  return value;
}

void write(writer& out, agent_rules const& value) {
  out.fields(6);
  out.texts(value.labels, "labels of one agent");
  out.text(value.tenant);
  out.sint(value.deadline.count());
  out.fields(2);
  out.uint(value.breaker.failures);
  out.sint(value.breaker.open_for.count());
  out.fields(2);
  out.uint(value.rate.activations);
  out.sint(value.rate.per.count());
  out.uint(value.activations_max_per_workflow);
}

agent_rules read_rules(reader& in) {
  agent_rules value;
  in.fields(6, [&] {
    in.texts(value.labels);
    value.tenant = in.text();
    value.deadline = read_duration(in);
    in.fields(2, [&] {
      value.breaker.failures = in.as_uint<std::uint32_t>();
      value.breaker.open_for = read_duration(in);
    });
    in.fields(2, [&] {
      value.rate.activations = in.as_uint<std::uint32_t>();
      value.rate.per = read_duration(in, 1);
    });
    value.activations_max_per_workflow = in.uint();
  });
  return value;
}

}  // namespace

// ---- agents ----

void write(writer& out, agent_descriptor const& value) {
  bool const rules = value.rules != agent_rules{};
  out.fields(rules ? 7 : 6);
  out.text(value.name);
  out.text(value.description);
  out.items(value.subscriptions.size(), "subscriptions of one agent");
  for (auto const& one : value.subscriptions) write(out, one);
  out.texts(value.publishes, "outputs of one agent");
  write(out, value.retry);
  out.uint(value.max_concurrency);
  if (rules) write(out, value.rules);
}

agent_descriptor read_agent(reader& in) {
  agent_descriptor value;
  in.fields(6, [&] {
    value.name = in.name();
    value.description = in.text();
    in.list(value.subscriptions, 5, [&] { return read_subscription(in); });
    in.list(value.publishes, 2, [&] { return in.name(); });
    value.retry = read_retry(in);
    value.max_concurrency = in.as_uint<std::uint32_t>(1);
    if (in.more()) value.rules = read_rules(in);
  });
  return value;
}

void write(writer& out, remote_offer const& value) {
  bool const rules = value.rules != agent_rules{};
  out.fields(rules ? 3 : 2);
  write(out, value.descriptor);
  write(out, value.retry);
  if (rules) write(out, value.rules);
}

std::shared_ptr<remote_offer const> read_offer(reader& in) {
  auto value = std::make_shared<remote_offer>();
  in.fields(2, [&] {
    value->descriptor = read_subscription(in);
    value->retry = read_retry(in);
    if (in.more()) value->rules = read_rules(in);
  });
  return value;
}

// ---- what local code said; in ledgers alone ----

namespace {

using by_subscription = std::vector<std::pair<subscription_no, std::string>>;

void write(writer& out, by_subscription const& all) {
  out.items(all.size(), "answers about one artifact");
  for (auto const& [no, octets] : all) {
    out.fields(2);
    out.uint(no);
    out.octets(octets);
  }
}

void read(reader& in, by_subscription& all) {
  in.list(all, 4, [&] {
    by_subscription::value_type one;
    in.fields(2, [&] {
      one.first = in.as_uint<subscription_no>();
      one.second = in.octets();
    });
    return one;
  });
}

}  // namespace

void write(writer& out, verdicts const& value) {
  out.fields(3);
  out.items(value.rejected.size(), "answers about one artifact");
  for (auto const no : value.rejected) out.uint(no);
  write(out, value.keys);
  write(out, value.threw);
}

verdicts read_verdicts(reader& in) {
  verdicts value;
  in.fields(3, [&] {
    in.list(value.rejected, 1, [&] { return in.as_uint<subscription_no>(); });
    read(in, value.keys);
    read(in, value.threw);
  });
  return value;
}

}  // namespace skein::bus::wire
