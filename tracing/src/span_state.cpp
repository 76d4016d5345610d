#include "span_state.hpp"

#include "entry_writer.hpp"
#include "nanoseconds.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>

namespace skein {
namespace {

std::string entry_of(flat::tag kind, std::string_view key, std::string_view value) {
  std::string out;
  flat::append(out, kind, key, value);
  return out;
}

bool holds(std::string_view entries, std::string_view key) noexcept {
  for (flat::entry each; flat::next(entries, each);) {
    if (flat::is_attribute(each.kind) && each.key == key) return true;
  }
  return false;
}

/// Whether a later entry takes the place of an earlier one.
bool replaces(flat::entry const& later, flat::entry const& earlier) noexcept {
  if (flat::is_attribute(later.kind)) return flat::is_attribute(earlier.kind) && later.key == earlier.key;
  return later.kind == earlier.kind && later.kind != flat::tag::event && later.kind != flat::tag::link;
}

}  // namespace

span_state::seldom& span_state::more() {
  if (!extra) extra = std::make_unique<seldom>();
  return *extra;
}

void span_state::set_anywhere(flat::tag kind, std::string_view key, std::string_view value) {
  enter([&](span_state& self) { self.put_attribute(kind, key, value); });
}

/// Whether the owner has set the key. By the owner, or behind the gate.
bool span_state::stands(std::string_view key) const noexcept { return holds(image.published(), key); }

/// Whether anybody has. Behind the gate.
bool span_state::knows(std::string_view key) const noexcept {
  if (stands(key)) return true;
  return extra && std::any_of(extra->elsewhere.begin(), extra->elsewhere.end(), [&](auto const& each) { return holds(each.entry, key); });
}

void span_state::put_attribute(flat::tag kind, std::string_view key, std::string_view value) {
  bool const mine = owner == thread_token, known = knows(key);
  if (mine && known && overwrite(kind, key, value)) return;
  if (mine && repeats && attributes.load(std::memory_order_relaxed) >= run.limits.attributes_max * (known ? 2 : 1)) compact();
  auto const others = extra ? extra->elsewhere.size() : 0;
  if (!known && attributes.load(std::memory_order_relaxed) + others >= run.limits.attributes_max) {
    ++more().dropped_attributes;
    return;
  }
  if (!mine) return put_elsewhere(kind, key, entry_of(kind, key, value));
  put_mine(kind, key, value);
  repeats = repeats || known;
  keys_seen |= key_bit(key);
  attributes.store(attributes.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

/// Appends for the owner. What was replaced makes room before more is asked for.
void span_state::put_mine(flat::tag kind, std::string_view key, std::string_view value) {
  if (image.try_append(kind, key, value)) return;
  if (repeats) compact();
  image.append(kind, key, value);
}

/// Of what one thread or another sets over and over, the first (for its place) and the last (for its value) are kept.
void span_state::put_elsewhere(flat::tag kind, std::string_view key, std::string_view entry) {
  auto& all = more().elsewhere;
  flat::entry added;
  auto rest = entry;
  (void)flat::next(rest, added);
  added.key = key, added.kind = kind;
  auto const same = [&](from_elsewhere const& each) {
    flat::entry there;
    std::string_view one = each.entry;
    return flat::next(one, there) && replaces(added, there);
  };
  auto const first = std::find_if(all.begin(), all.end(), same);
  if (first != all.end()) {
    auto const second = std::find_if(first + 1, all.end(), same);
    if (second != all.end()) all.erase(second);
  }
  all.push_back({image.published().size(), std::string{entry}});
}

void span_state::begin_with(skein::attributes const& all, std::vector<span_link> const& links) {
  for (auto const& each : all) {
    flat::with_bytes(each.value, [&](flat::tag kind, std::string_view value) { set(kind, each.key, value); });
  }
  for (auto const& each : links) put_link(each);
}

/// Counts what is over the limit.
std::uint32_t span_state::over(std::size_t count) const noexcept {
  auto const most = run.limits.attributes_max;
  return count > most ? static_cast<std::uint32_t>(count - most) : 0;
}

void span_state::put_event(span_event&& event) {
  auto& rare = more();
  put_item(flat::tag::event, std::move(event), rare.events, run.limits.events_max, rare.dropped_events);
}

void span_state::put_link(span_link link) {
  auto& rare = more();
  put_item(flat::tag::link, std::move(link), rare.links, run.limits.links_max, rare.dropped_links);
}

/// An event or a link, and how many of its kind there are.
template <class Item>
void span_state::put_item(flat::tag kind, Item&& item, std::uint32_t& count, std::size_t most, std::uint32_t& dropped) {
  if (count >= most) {
    ++dropped;
    return;
  }
  ++count;
  more().dropped_attributes += over(item.attributes.size());
  if (over(item.attributes.size()) > 0) item.attributes.resize(run.limits.attributes_max);
  std::string entry;
  flat::append(entry, item);
  put_entry(kind, entry);
}

/// An event or a link, as an entry that is complete.
void span_state::put_entry(flat::tag kind, std::string_view entry) {
  image.head().has |= flat::bit(kind);
  if (owner == thread_token) {
    image.append(entry);
  } else {
    more().elsewhere.push_back({image.published().size(), std::string{entry}});
  }
}

/// Sets what a span has once.
void span_state::put_only(flat::tag kind, std::string_view value) {
  repeats = repeats || (image.head().has & flat::bit(kind)) != 0;
  image.head().has |= flat::bit(kind);
  if (owner == thread_token) {
    put_mine(kind, {}, value);
  } else {
    put_elsewhere(kind, {}, entry_of(kind, {}, value));
  }
}

void span_state::put_status(status_code code, std::string_view message) {
  image.head().status = code;
  if (message.empty() && (image.head().has & flat::bit(flat::tag::message)) == 0) return;
  put_only(flat::tag::message, message);
}

/// The entries as they are to be read: those of all threads in order, what was replaced left out, attributes within the limit. Behind the gate.
std::string span_state::tidy(std::uint32_t& dropped) const {
  std::vector<flat::entry> all;
  auto const take = [&](std::string_view entries) {
    for (flat::entry each; flat::next(entries, each);) all.push_back(each);
  };
  std::size_t taken = 0;
  auto const mine = image.published();
  if (extra) {
    for (auto const& each : extra->elsewhere) {
      take(mine.substr(taken, each.position - taken));
      taken = each.position;
      take(each.entry);
    }
  }
  take(mine.substr(taken));

  std::string out;
  std::size_t kept = 0;
  for (auto each = all.begin(); each != all.end(); ++each) {
    auto const same = [&](flat::entry const& other) { return replaces(*each, other); };
    if (std::any_of(all.begin(), each, same)) continue;
    if (flat::is_attribute(each->kind) && ++kept > run.limits.attributes_max) {
      ++dropped;
      continue;
    }
    auto const last = std::find_if(all.rbegin(), std::make_reverse_iterator(each + 1), same);
    out += (last == std::make_reverse_iterator(each + 1) ? *each : *last).bytes();
  }
  return out;
}

/// Puts the value where the last one of that key stands, if it fits there exactly: counters are set over and over. Behind the gate, by the owner.
bool span_state::overwrite(flat::tag kind, std::string_view key, std::string_view value) noexcept {
  if (extra && !extra->elsewhere.empty()) return false;
  flat::entry last;
  bool found = false;
  auto rest = image.published();
  for (flat::entry each; flat::next(rest, each);) {
    if (!flat::is_attribute(each.kind) || each.key != key) continue;
    last = each;
    found = true;
  }
  if (!found || last.kind != kind || last.value.size() != value.size()) return false;
  image.overwrite(last.value, value);
  return true;
}

/// Leaves out what was replaced. Behind the gate, by the owner.
void span_state::compact() {
  std::uint32_t dropped = 0;
  image.assign(tidy(dropped));
  repeats = false;
  if (extra) extra->elsewhere.clear();
  if (dropped > 0) more().dropped_attributes += dropped;
  std::uint32_t count = 0;
  auto rest = image.published();
  for (flat::entry each; flat::next(rest, each);) count += flat::is_attribute(each.kind) ? 1 : 0;
  attributes.store(count, std::memory_order_relaxed);
}

bool span_state::so_far(std::string& out) {
  if (!gate.enter()) return false;
  struct leaving {
    span_gate& gate;
    ~leaving() { gate.leave(); }
  } const at_end{gate};
  auto top = image.head();
  auto const at = out.size();
  out.append(sizeof top, '\0');
  if (repeats || (extra && !extra->elsewhere.empty())) {
    std::uint32_t dropped = 0;
    out += tidy(dropped);
  } else {
    out += image.published();
  }
  top.bytes = out.size() - at;
  top.status = status_code::running;
  top.end_ns = 0;
  std::memcpy(out.data() + at, &top, sizeof top);
  return true;
}

/// Closes the gate and gives the span its last members. All of it, for the one who ends it; null for others.
char const* span_state::complete(timestamp at, status const* how) {
  if (gate.closed()) return nullptr;
  if (at == timestamp{}) at = run.recorder->time().now();
  if (!gate.close()) return nullptr;
  auto& top = image.head();
  top.end_ns = std::max(ns(at), top.start_ns);
  if (how != nullptr) put_status(how->code, how->message);
  bool const mine = owner == thread_token;
  if (mine && repeats) compact();
  if (mine && !extra) return image.complete().data();

  // The owner may still be appending to the image, so another thread makes a copy of what is published.
  auto& ended = more().ended;
  std::uint32_t dropped = 0;
  ended.assign(flat::bytes_of(top)).append(tidy(dropped));
  auto const say = [&](std::string_view key, std::int64_t count) {
    if (count > 0) flat::append(ended, flat::tag::integer, key, flat::bytes_of(count));
  };
  say("otel.dropped_attributes_count", std::int64_t{extra->dropped_attributes} + dropped);
  say("otel.dropped_events_count", extra->dropped_events);
  say("otel.dropped_links_count", extra->dropped_links);
  auto const size = std::uint64_t{ended.size()};
  std::memcpy(ended.data() + offsetof(flat::head, bytes), &size, sizeof size);
  return ended.data();
}

void span_state::tell_around() {
  if (!extra || !extra->seen) return;
  if (auto const outer = around.lock()) tell(*outer);
}

void span_state::tell(span_state& outer) {
  if (!gate.closed() || !extra || !extra->seen) return;
  outer.enter([&](span_state& other) { other.more().seen = std::move(extra->seen); });
}

void span_state::end(timestamp at, status const* how) noexcept {
  try {
    auto const* const whole = complete(at, how);
    if (whole == nullptr) return;
    span_view const ended{whole};
    tell_around();
    run.recorder->end(*this, ended);
    if (ends_run) run.end(ended.status() == status_code::error ? run_status::failed : run_status::completed, ended.end());
  } catch (...) {   // Out of memory: the span is lost, the program goes on.
  }
}

std::optional<span_record> span_state::finish() noexcept {
  try {
    auto const* const whole = complete({}, nullptr);
    if (whole == nullptr) return std::nullopt;
    tell_around();
    run.recorder->detach(*this);
    return span_view{whole}.record();
  } catch (...) {
    return std::nullopt;
  }
}

}  // namespace skein
