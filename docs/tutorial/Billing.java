// SPDX-License-Identifier: Apache-2.0
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;

/** Keeps the orders that it hears of in its own database, and acts on each message once. */
class Billing {
  private static final Map<String, Object> SETTINGS = Map.of(
      "bootstrap.servers", "127.0.0.1:19092",
      "group.id", "billing",
      "auto.offset.reset", "earliest",
      "enable.auto.commit", "false",
      "key.deserializer", "org.apache.kafka.common.serialization.StringDeserializer",
      "value.deserializer", "org.apache.kafka.common.serialization.StringDeserializer");

  public static void main(String[] arguments) throws SQLException {
    var url = "jdbc:postgresql://127.0.0.1:15432/billing";
    try (var connection = DriverManager.getConnection(url, "postgres", "");
        var consumer = new KafkaConsumer<String, String>(SETTINGS)) {
      connection.setAutoCommit(false);
      consumer.subscribe(List.of("orders"));
      while (true) {
        var records = consumer.poll(Duration.ofSeconds(1));
        for (var message : records) {
          if (isNew(connection, message)) apply(connection, message);
          else System.out.println("dropped a repeat: order " + message.key());
        }
        // The database before Kafka: a crash in between repeats the messages, and `seen` drops them.
        connection.commit();
        if (!records.isEmpty()) consumer.commitSync();
      }
    }
  }

  static boolean isNew(Connection connection, ConsumerRecord<String, String> message) throws SQLException {
    var id = new String(message.headers().lastHeader("id").value(), StandardCharsets.UTF_8);
    var sql = "INSERT INTO seen (message_id) VALUES (?) ON CONFLICT DO NOTHING";
    try (var insert = connection.prepareStatement(sql)) {
      insert.setObject(1, UUID.fromString(id));
      return insert.executeUpdate() == 1;
    }
  }

  static void apply(Connection connection, ConsumerRecord<String, String> message) throws SQLException {
    var sql = "INSERT INTO orders SELECT * FROM jsonb_populate_record(null::orders, ?::jsonb)"
        + " ON CONFLICT (id) DO UPDATE SET item = excluded.item, state = excluded.state";
    try (var statement = connection.prepareStatement(sql)) {
      statement.setString(1, message.value());
      statement.executeUpdate();
    }
  }
}
