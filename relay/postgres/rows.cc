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

Message Rows::Read(pqxx::const_row_iterator column, int lane, microseconds now) {
  Message message;
  message.lane = lane;
  Words head(View(column));
  message.id = Integer(head.Next());
  message.message_id = head.Next();
  message.created_at = microseconds(Integer(head.Next()));
  message.age = std::max(microseconds(0), now - message.created_at);
  if (const auto oversize = head.Next(); !oversize.empty()) message.oversize = Integer(oversize);
  message.topic = View(++column);
  message.key = Maybe(++column);
  message.type = View(++column);  // null reads as empty
  message.headers = View(++column);
  message.payload = Maybe(++column);
  if (message.payload) return message;
  if (const auto hex = Maybe(++column)) message.payload = bytes_.emplace_back(Bytes(*hex));
  return message;
}

}  // namespace outbox
