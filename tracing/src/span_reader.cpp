#include "span_reader.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <string>
#include <utility>

namespace skein {
namespace {

using json_value = nlohmann::ordered_json;  // Attributes keep their order.

// In a file of schema 1 a span's row has all of its attributes.
std::string spans_of_run(sqlite::database& file) {
  bool const has_heads = file.integer("PRAGMA user_version").value() >= 2;
  return std::string{"SELECT r.trace_id, s.span_id, s.parent_id, h.name, h.kind, h.type, h.service, h.scope, s.status, s.status_message,"
                     " r.base + s.start, s.duration, "} + (has_heads ? "h.attributes_head || " : "") + "s.attributes, s.events, s.links, s.inputs, s.outputs"
         " FROM run_rows r JOIN span_rows s ON s.run_no = r.no JOIN shapes h ON h.no = s.shape_no WHERE r.run_id = ? ORDER BY r.base + s.start, s.span_id";
}

template <class Enum>
Enum value_named(std::string_view name, Enum last) noexcept {
  for (int value = 0; value <= static_cast<int>(last); ++value) {
    if (to_string(static_cast<Enum>(value)) == name) return static_cast<Enum>(value);
  }
  return Enum{};
}

timestamp time_of(std::int64_t ns) noexcept { return timestamp{std::chrono::nanoseconds{ns}}; }

json_value parsed(std::string_view text, sqlite::database const& file) {
  auto value = json_value::parse(text, nullptr, false);
  if (value.is_discarded()) throw error{errc::corrupt, "a span holds text that is not JSON; move the file away", file.path()};
  return value;
}

attribute_value attribute_of(json_value const& value) {
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (value.is_number()) return value.get<double>();
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_array()) return value.dump();
  std::vector<std::string> texts;
  for (auto const& each : value) texts.push_back(each.is_string() ? each.get<std::string>() : each.dump());
  return texts;
}

attributes attributes_of(json_value const& object) {
  attributes all;
  for (auto const& [key, value] : object.items()) all.push_back({key, attribute_of(value)});
  return all;
}

span_event event_of(json_value const& row) {
  return {time_of(row.at(0).get<std::int64_t>()), row.at(1).get<std::string>(), attributes_of(row.at(2))};
}

span_link link_of(json_value const& row) {
  span_context const target{trace_id::parse(row.at(0).get<std::string>()).value_or({}), span_id::parse(row.at(1).get<std::string>()).value_or({}),
                            row.at(2).get<std::uint8_t>()};
  return {target, attributes_of(row.at(3))};
}

span_record span_of(sqlite::statement const& row, run_id const& run, sqlite::database const& file) {
  span_record span;
  span.run = run;
  span.context = {trace_id::parse(row.text(0)).value_or({}), span_id::parse(row.text(1)).value_or({}), span_context::sampled};
  if (auto const parent = row.blob(2); parent.size() == span_id::size_bytes) {
    std::array<std::uint8_t, span_id::size_bytes> bytes;
    std::memcpy(bytes.data(), parent.data(), bytes.size());
    span.parent = span_id{bytes};
  }
  span.name = row.text(3);
  span.kind = value_named(row.text(4), span_kind::consumer);
  span.type = value_named(row.text(5), span_type::wait);
  span.service = row.text(6);
  span.scope = row.text(7);
  span.status = static_cast<status_code>(row.integer(8));
  span.status_message = row.text(9);
  span.start = time_of(row.integer(10));
  if (!row.is_null(11)) span.end = span.start + std::chrono::nanoseconds{row.integer(11)};
  span.attributes = attributes_of(parsed(row.text(12), file));
  if (!row.is_null(13)) std::ranges::transform(parsed(row.text(13), file), std::back_inserter(span.events), event_of);
  if (!row.is_null(14)) std::ranges::transform(parsed(row.text(14), file), std::back_inserter(span.links), link_of);
  span.inputs = row.text(15);
  span.outputs = row.text(16);
  return span;
}

}  // namespace

std::vector<span_record> read_spans(sqlite::database& file, run_id const& run) try {
  auto query = file.prepare(spans_of_run(file)).value();
  auto const id = run.to_string();
  query.bind(1, std::string_view{id});
  std::vector<span_record> spans;
  while (query.step().value()) spans.push_back(span_of(query, run, file));
  return spans;
} catch (nlohmann::json::exception const& failed) {
  throw error{errc::corrupt, std::string{"a span holds JSON of another shape than skein writes ("} + failed.what() + "); move the file away",
              file.path()};
}

}  // namespace skein
