#include <skein/registry/cron.hpp>

#include <gtest/gtest.h>

#include <string>

namespace skein {
namespace {

using namespace std::chrono;
using namespace std::chrono_literals;

using instant = sys_time<nanoseconds>;

instant at(int y, unsigned m, unsigned d, int hour = 0, int minute = 0) { return sys_days{year{y} / month{m} / day{d}} + hours{hour} + minutes{minute}; }

/// Monday, 1 January 2024, 00:00.
instant const new_year = at(2024, 1, 1);

std::optional<instant> next(std::string_view schedule, instant after = new_year) { return next_after(parse_cron(schedule).value(), after); }

std::string refusal(std::string_view schedule) {
  auto const parsed = parse_cron(schedule);
  if (parsed) return "taken";
  EXPECT_EQ(parsed.error().code(), errc::invalid_argument);
  return parsed.error().message();
}

TEST(cron, is_due_at_a_minute_of_a_day) {
  EXPECT_EQ(next("0 3 * * *"), at(2024, 1, 1, 3));
  EXPECT_EQ(next("0 3 * * *", at(2024, 1, 1, 3)), at(2024, 1, 2, 3));
  EXPECT_EQ(next("59 23 31 12 *"), at(2024, 12, 31, 23, 59));
}

TEST(cron, is_due_strictly_after_the_given_time) {
  EXPECT_EQ(next("* * * * *"), at(2024, 1, 1, 0, 1));
  EXPECT_EQ(next("* * * * *", new_year - 1ns), new_year);
  EXPECT_EQ(next("* * * * *", new_year + 59s + 999ms), at(2024, 1, 1, 0, 1));
}

TEST(cron, takes_lists_ranges_and_steps) {
  EXPECT_EQ(next("5,10,40-42 * * * *", at(2024, 1, 1, 0, 10)), at(2024, 1, 1, 0, 40));
  EXPECT_EQ(next("*/15 * * * *", at(2024, 1, 1, 0, 45)), at(2024, 1, 1, 1, 0));
  EXPECT_EQ(next("10-50/20 * * * *", at(2024, 1, 1, 0, 30)), at(2024, 1, 1, 0, 50));
  EXPECT_EQ(next("10-50/20 * * * *", at(2024, 1, 1, 0, 50)), at(2024, 1, 1, 1, 10));
}

TEST(cron, takes_names_of_months_and_weekdays_in_any_case) {
  EXPECT_EQ(parse_cron("0 0 * JAN-Mar mon,Wed-FRI").value(), parse_cron("0 0 * 1-3 1,3-5").value());
}

TEST(cron, counts_sunday_as_nought_and_as_seven) {
  EXPECT_EQ(parse_cron("0 0 * * 7").value(), parse_cron("0 0 * * 0").value());
  EXPECT_EQ(parse_cron("0 0 * * 5-7").value(), parse_cron("0 0 * * 0,5,6").value());
  EXPECT_EQ(parse_cron("0 0 * * fri-sun").value(), parse_cron("0 0 * * 5-7").value());
  EXPECT_EQ(parse_cron("0 0 * * sun").value(), parse_cron("0 0 * * 0").value());
  EXPECT_EQ(parse_cron("0 0 * * */5").value(), parse_cron("0 0 * * 0,5").value());
  EXPECT_EQ(next("0 0 * * 7"), at(2024, 1, 7));
}

TEST(cron, is_due_when_either_day_fits_if_both_are_restricted) {
  EXPECT_EQ(next("0 0 13 * fri"), at(2024, 1, 5));
  EXPECT_EQ(next("0 0 13 * fri", at(2024, 1, 12)), at(2024, 1, 13));
}

TEST(cron, needs_both_days_if_one_of_them_begins_with_a_star) {
  EXPECT_EQ(next("0 0 13 * *"), at(2024, 1, 13));
  EXPECT_EQ(next("0 0 * * fri"), at(2024, 1, 5));
  EXPECT_EQ(next("0 0 */10 * fri"), at(2024, 3, 1));  // days 1, 11, 21 and 31
}

TEST(cron, knows_short_names_of_schedules) {
  EXPECT_EQ(next("@hourly"), at(2024, 1, 1, 1));
  EXPECT_EQ(next("@daily"), at(2024, 1, 2));
  EXPECT_EQ(next("@weekly"), at(2024, 1, 7));
  EXPECT_EQ(next("@monthly"), at(2024, 2, 1));
  EXPECT_EQ(next("@yearly"), at(2025, 1, 1));
}

TEST(cron, waits_for_leap_years) {
  EXPECT_EQ(next("0 0 29 2 *"), at(2024, 2, 29));
  EXPECT_EQ(next("0 0 29 2 *", at(2024, 2, 29)), at(2028, 2, 29));
  EXPECT_EQ(next("0 0 29 2 *", at(2096, 2, 29)), at(2104, 2, 29));
}

TEST(cron, never_comes_on_a_date_that_no_year_has) {
  EXPECT_EQ(next("0 0 30 2 *"), std::nullopt);
  EXPECT_EQ(next("0 0 31 4,6,9,11 *"), std::nullopt);
}

TEST(cron, ends_with_the_last_year_that_the_clock_can_tell) {
  EXPECT_EQ(next("0 0 * * *", at(2261, 12, 30)), at(2261, 12, 31));
  EXPECT_EQ(next("0 0 * * *", at(2261, 12, 31)), std::nullopt);
}

TEST(cron, refuses_by_field_and_says_what_is_wrong) {
  EXPECT_EQ(refusal("60 * * * *"), "the minute of a cron schedule, '60', must be from 0 to 59");
  EXPECT_EQ(refusal("* 24 * * *"), "the hour of a cron schedule, '24', must be from 0 to 23");
  EXPECT_EQ(refusal("* * 0 * *"), "the day of a cron schedule, '0', must be from 1 to 31");
  EXPECT_EQ(refusal("* * * 13 *"), "the month of a cron schedule, '13', must be from 1 to 12, or jan to dec");
  EXPECT_EQ(refusal("* * * * 8"), "the weekday of a cron schedule, '8', must be from 0 to 7, or sun to sat");
  EXPECT_EQ(refusal("1,,2 * * * *"), "the minute of a cron schedule, '1,,2', has an empty place in its list");
  EXPECT_EQ(refusal("* 5-3 * * *"), "the hour of a cron schedule, '5-3', ends before it begins; write two ranges, joined by a comma");
  EXPECT_EQ(refusal("*/0 * * * *"), "the minute of a cron schedule, '*/0', must have a step from 1 to 59");
  EXPECT_EQ(refusal("5/15 * * * *"), "the minute of a cron schedule, '5/15', has a step without a range; write '5-59/15'");
  EXPECT_EQ(refusal("* * * * monday"), "the weekday of a cron schedule, 'monday', must be from 0 to 7, or sun to sat");
  EXPECT_EQ(refusal("-1 * * * *"), "the minute of a cron schedule, '-1', must be from 0 to 59");
}

TEST(cron, refuses_another_number_of_fields) {
  EXPECT_EQ(refusal("0 3 * *"), "the cron schedule '0 3 * *' has 4 fields; it must have five: minute hour day month weekday");
  EXPECT_EQ(refusal("0 3 * * * *"), "the cron schedule '0 3 * * * *' has 6 fields; it must have five: minute hour day month weekday");
  EXPECT_EQ(refusal(""), "the cron schedule '' has 0 fields; it must have five: minute hour day month weekday");
  EXPECT_EQ(refusal("@reboot"), "'@reboot' is none of @hourly, @daily, @weekly, @monthly and @yearly");
}

TEST(cron, takes_blanks_around_and_between_the_fields) { EXPECT_EQ(parse_cron("  0\t3  * * * ").value(), parse_cron("0 3 * * *").value()); }

}  // namespace
}  // namespace skein
