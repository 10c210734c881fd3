// SPDX-License-Identifier: Apache-2.0
#include "postgres/rows.h"

#include <algorithm>

#include "postgres/field.h"
#include "postgres/text.h"

namespace outbox {
namespace {

std::optional<std::string_view> Maybe(const pqxx::field& field) {
  if (field.is_null()) return std::nullopt;
  return View(field);
}

}  // namespace

Message Rows::Read(const pqxx::row& row, Columns columns, int lane, microseconds now) {
  const auto column = [&row, first = columns.id](int offset) {
    return row[static_cast<pqxx::row::size_type>(first + offset)];
  };
  Message message;
  message.lane = lane;
  message.id = Integer(View(column(0)));
  message.message_id = View(column(1));
  message.topic = View(column(2));
  message.key = Maybe(column(3));
  message.type = View(column(4));  // null reads as empty
  message.headers = View(column(5));
  message.payload = Maybe(column(6));
  if (!message.payload) {
    if (const auto hex = Maybe(column(7))) message.payload = bytes_.emplace_back(Bytes(*hex));
    if (const auto oversize = Maybe(column(9))) message.oversize = Integer(*oversize);
  }
  message.created_at = microseconds(Integer(View(column(8))));
  message.age = std::max(microseconds(0), now - message.created_at);
  return message;
}

}  // namespace outbox
