// SPDX-License-Identifier: Apache-2.0
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/** Shop N: takes N orders, and has each of them paid. */
class Shop {
  public static void main(String[] arguments) throws SQLException {
    try (var connection = DriverManager.getConnection("jdbc:postgresql://127.0.0.1:15432/shop", "shop", "")) {
      connection.setAutoCommit(false);
      for (int number = 0; number < Integer.parseInt(arguments[0]); ++number) {
        long id = place(connection, "coffee " + number);
        connection.commit();
        pay(connection, id);
        connection.commit();
      }
    }
  }

  static long place(Connection connection, String item) throws SQLException {
    var sql = "INSERT INTO orders (item, state) VALUES (?, 'placed') RETURNING id, state, to_jsonb(orders)";
    try (var statement = connection.prepareStatement(sql)) {
      statement.setString(1, item);
      return tell(connection, statement);
    }
  }

  static void pay(Connection connection, long id) throws SQLException {
    // The UPDATE locks the order, so whoever changes it at the same time writes a later message.
    var sql = "UPDATE orders SET state = 'paid' WHERE id = ? RETURNING id, state, to_jsonb(orders)";
    try (var statement = connection.prepareStatement(sql)) {
      statement.setLong(1, id);
      tell(connection, statement);
    }
  }

  /** Changes the order and tells of it, in one transaction, which the caller commits. */
  static long tell(Connection connection, PreparedStatement change) throws SQLException {
    var sql = "INSERT INTO outbox (topic, key, type, payload) VALUES ('orders', ?, ?, ?)";
    try (ResultSet order = change.executeQuery(); var message = connection.prepareStatement(sql)) {
      order.next();
      message.setString(1, order.getString(1));
      message.setString(2, "order-" + order.getString(2));
      message.setString(3, order.getString(3));
      message.executeUpdate();
      return order.getLong(1);
    }
  }
}
