#include <skein/registry/agent_descriptor.hpp>

#include <skein/registry/ids.hpp>

#include <bit>
#include <utility>

namespace skein {
namespace {

void add_number(std::string& to, std::uint64_t number) {
  for (int shift = 0; shift < 64; shift += 8) to.push_back(static_cast<char>(number >> shift));
}

/// Lengths go first, so that {"ab"} and {"a", "b"} differ.
void add_texts(std::string& to, std::vector<std::string> const& texts) {
  add_number(to, texts.size());
  for (auto const& text : texts) {
    add_number(to, text.size());
    to.append(text);
  }
}

void add_text(std::string& to, std::string_view text) {
  add_number(to, text.size());
  to.append(text);
}

void add_value(std::string& to, field_value const& value) {
  // A number that fits both integers is one value: it travels as such.
  if (auto const* number = std::get_if<std::uint64_t>(&value); number != nullptr && std::in_range<std::int64_t>(*number)) {
    return add_value(to, static_cast<std::int64_t>(*number));
  }
  add_number(to, value.index());
  if (auto const* flag = std::get_if<bool>(&value)) add_number(to, *flag ? 1 : 0);
  if (auto const* number = std::get_if<std::int64_t>(&value)) add_number(to, static_cast<std::uint64_t>(*number));
  if (auto const* number = std::get_if<std::uint64_t>(&value)) add_number(to, *number);
  if (auto const* number = std::get_if<double>(&value)) add_number(to, std::bit_cast<std::uint64_t>(*number));
  if (auto const* text = std::get_if<std::string>(&value)) add_text(to, *text);
}

void add_expression(std::string& to, field_expression const& one) {
  add_number(to, static_cast<std::uint64_t>(one.op));
  add_text(to, one.path);
  add_number(to, one.values.size());
  for (auto const& value : one.values) add_value(to, value);
  add_number(to, one.operands.size());
  for (auto const& operand : one.operands) add_expression(to, operand);
}

/// Whether everything from `filters` on is as it is by default. What a plain subscription is does not change when members are added.
bool is_plain(subscription_descriptor const& of) {
  return of.filters.empty() && of.keys.empty() && of.within.count() == 0 && of.within_count == 0 && of.batch_max == 0 && of.batch_age.count() == 0 &&
         !of.across_runs && of.exclusive.empty() && of.timer == timer_schedule{};
}

void add_rest(std::string& to, subscription_descriptor const& of) {
  add_number(to, of.filters.size());
  for (auto const& filter : of.filters) {
    add_text(to, filter.type);
    add_expression(to, filter.where);
  }
  add_texts(to, of.keys);
  add_number(to, static_cast<std::uint64_t>(of.within.count()));
  add_number(to, of.within_count);
  add_number(to, of.batch_max);
  add_number(to, static_cast<std::uint64_t>(of.batch_age.count()));
  add_number(to, of.across_runs ? 1 : 0);
  add_text(to, of.exclusive);
  add_number(to, static_cast<std::uint64_t>(of.timer.every.count()));
  add_number(to, static_cast<std::uint64_t>(of.timer.at.time_since_epoch().count()));
  add_text(to, of.timer.cron);
}

}  // namespace

std::uint64_t subscription_descriptor::fingerprint() const {
  std::string all;
  add_texts(all, types);
  add_number(all, static_cast<std::uint64_t>(grouping));
  add_texts(all, from);
  add_texts(all, tagged);
  add_number(all, has_predicate ? 1 : 0);
  add_number(all, self_trigger ? 1 : 0);
  add_number(all, static_cast<std::uint64_t>(static_cast<std::int64_t>(priority)));
  if (!is_plain(*this)) add_rest(all, *this);
  return stable_hash(all);
}

}  // namespace skein
