// SPDX-License-Identifier: Apache-2.0
#include "postgres/operator_filter.h"

#include <numeric>
#include <utility>

#include "postgres/operator_answer.h"
#include "postgres/statements.h"

namespace outbox {
namespace {

// Producers may set created_at, and two of them draw ids and times at the same moment: the range is
// this much wider on both sides, and created_at is compared as well.
constexpr const char* kMargin = "interval '1 minute'";

// The lowest id that exists and is, with all above it, not older than `at`; one above `last` if none.
std::int64_t FirstSince(OperatorSession& session, std::int64_t last, const std::string& at, bool later) {
  const std::string sql = std::string("/* outbox-relay: bisect */ SELECT o.id, o.created_at ") +
                          (later ? "> $2::timestamptz + " : ">= $2::timestamptz - ") + kMargin +
                          " AS is_late FROM {table} o WHERE o.id >= $1::bigint ORDER BY o.id LIMIT 1";
  std::int64_t low = 0;
  std::int64_t high = last + 1;
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    const OperatorAnswer answer = session.Ask(sql, {std::to_string(middle), at});
    if (answer.size() == 0 || answer.Is(0, "is_late")) {
      high = middle;
    } else {
      low = answer.Number(0, "id") + 1;
    }
  }
  return low;
}

constexpr const char* kMatches = R"((cardinality($1::text[]) = 0 OR o.status::text = ANY($1::text[]))
      AND (cardinality($2::text[]) = 0 OR o.topic = ANY($2::text[]))
      AND (cardinality($3::text[]) = 0 OR o.key = ANY($3::text[]))
      AND ($4::text = '' OR strpos(lower(o.last_error), lower($4::text)) > 0)
      AND o.id BETWEEN $5::bigint AND $6::bigint
      AND ($7::text = '' OR o.created_at >= $7::timestamptz) AND ($8::text = '' OR o.created_at <= $8::timestamptz))";

// Each part is read only if the filter asks for it, and each by an index that leads to few rows:
// unsent messages by lane, so that a long history of sent ones costs nothing.
std::string FoundSql(const std::string& outbox, const std::string& lanes_of_pending,
                     const std::string& of_lane) {
  const std::string matches = kMatches;
  return Fill(std::string("WITH asked AS (") + R"(
  SELECT cardinality($9::bigint[]) + cardinality($10::uuid[]) > 0 AS by_name,
    $1::text[] && ARRAY['retrying', 'failed'] AS waiting, 'pending' = ANY($1::text[]) AS pending,
    cardinality($1::text[]) = 0 OR 'sent' = ANY($1::text[]) AS history
), lanes AS (
  SELECT l.lane FROM unnest($12::smallint[]) AS l(lane)
  WHERE cardinality($3::text[]) = 0 OR l.lane IN (SELECT hashtextextended(k, 0) & 63 FROM unnest($3::text[]) k)
), named AS (
  SELECT o.id FROM {found_in} o WHERE o.id = ANY($9::bigint[]) AND o.lane = ANY($12::smallint[])
  UNION
  SELECT o.id FROM {found_in} o WHERE cardinality($10::uuid[]) > 0 AND o.message_id = ANY($10::uuid[])
    AND o.lane = ANY($12::smallint[])
), found AS (
  (SELECT id FROM named
  UNION ALL
  SELECT p.id FROM )" +
                  lanes_of_pending + R"( l CROSS JOIN LATERAL (
    SELECT o.id FROM {found_in} o WHERE o.lane = )" +
                  of_lane + R"( AND o.status = 'pending' AND )" + matches + R"(
    ORDER BY o.id DESC LIMIT $11::bigint) p WHERE (SELECT pending AND NOT by_name FROM asked)
  UNION ALL
  SELECT w.id FROM lanes l CROSS JOIN LATERAL (
    SELECT o.id FROM {found_in} o WHERE o.lane = l.lane AND o.status IN ('retrying', 'failed') AND )" +
                  matches + R"(
    ORDER BY o.id DESC LIMIT $11::bigint) w WHERE (SELECT waiting AND NOT by_name FROM asked)
  UNION ALL
  (SELECT o.id FROM {found_in} o WHERE (SELECT history AND NOT by_name FROM asked)
    AND (cardinality($1::text[]) = 0 OR o.status = 'sent') AND o.lane = ANY($12::smallint[])
    AND )" + matches +
                  R"(
    ORDER BY o.id DESC LIMIT $11::bigint))
  ORDER BY id DESC LIMIT $11::bigint
))",
              {{"found_in", outbox}});
}

}  // namespace

FoundRange::FoundRange(OperatorSession& session, MessageFilter filter) : filter_(std::move(filter)) {
  if (!filter_.since && !filter_.until) return;
  since_ = AbsoluteTime(session, filter_.since);
  until_ = AbsoluteTime(session, filter_.until);
  const std::int64_t last =
      session.Ask("/* outbox-relay: last id */ SELECT last_value FROM {schema}.outbox_id_seq")
          .Number(0, "last_value");
  if (!since_.empty()) first_ = FirstSince(session, last, since_, false);
  if (!until_.empty()) last_ = FirstSince(session, last, until_, true) - 1;
}

std::string FoundRange::Sql(const OperatorSession& session) const {
  if (filter_.repairable) return FoundSql("{waiting}", "lanes", "l.lane");
  // No index of a log leads to a lane; what is pending lies together at its end.
  if (session.log())
    return FoundSql("{outbox}", "(SELECT array_agg(a.lane) AS lanes FROM lanes a)", "ANY(l.lanes)");
  return FoundSql("{outbox}", "lanes", "l.lane");
}

std::vector<std::string> FoundRange::Parameters(const std::vector<int>& lanes, std::int64_t most) const {
  std::vector<std::string> parameters = ConditionParameters();
  parameters.insert(parameters.end(), {ArrayOf(filter_.ids), TextArray(filter_.message_ids),
                                       std::to_string(most), ArrayOf(lanes)});
  return parameters;
}

const char* FoundRange::Conditions() { return kMatches; }

std::vector<std::string> FoundRange::ConditionParameters() const {
  return {TextArray(filter_.statuses),
          TextArray(filter_.topics),
          TextArray(filter_.keys),
          filter_.error,
          std::to_string(first_),
          std::to_string(last_),
          since_,
          until_};
}

std::vector<int> AllLanes() {
  std::vector<int> lanes(kLanes);
  std::iota(lanes.begin(), lanes.end(), 0);
  return lanes;
}

std::string AbsoluteTime(OperatorSession& session, const std::optional<Moment>& moment) {
  if (!moment) return {};
  return session
      .Ask(
          "/* outbox-relay: a moment */ SELECT to_char(coalesce(nullif($1::text, '')::timestamptz,"
          " clock_timestamp() - $2::bigint * interval '1 millisecond') AT TIME ZONE 'UTC',"
          " 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS at",
          {moment->at, std::to_string(moment->ago.value_or(milliseconds(0)).count())})
      .Text(0, "at");
}

}  // namespace outbox
