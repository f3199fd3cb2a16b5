import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.DecoderFactory;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * Prints alerts as JSON lines, each once, until SIGINT or SIGTERM: Consume.java [GROUP]. A group that
 * comes back goes on where it was.
 */
public class Consume {
  static final HttpClient HTTP = HttpClient.newHttpClient();
  static final Map<Integer, Schema> SCHEMAS = new HashMap<>();

  public static void main(String[] arguments) throws Exception {
    Properties settings = settings(arguments.length > 0 ? arguments[0] : "example-alerts-java");
    Thread main = Thread.currentThread();
    try (KafkaConsumer<String, byte[]> consumer = new KafkaConsumer<>(settings)) {
      Runtime.getRuntime().addShutdownHook(new Thread(() -> end(consumer, main)));
      consumer.subscribe(List.of("alerts"));
      while (true) {
        for (ConsumerRecord<String, byte[]> record : consumer.poll(Duration.ofSeconds(1)))
          if (record.value() != null) System.out.println(decode(record.value()));
        // Behind what has been printed: after a crash some alerts come again, none is missing.
        consumer.commitSync();
      }
    } catch (WakeupException asked) {
      // The consumer is closed, and has left its group.
    }
  }

  /** Wakes the loop, and holds the process until it is closed. */
  static void end(KafkaConsumer<String, byte[]> consumer, Thread main) {
    consumer.wakeup();
    try {
      main.join(10_000);
    } catch (InterruptedException late) {
      Thread.currentThread().interrupt();
    }
  }

  static Properties settings(String group) {
    Properties settings = new Properties();
    settings.put("bootstrap.servers", System.getenv().getOrDefault("KAFKA_BROKERS", "127.0.0.1:9094"));
    settings.put("client.id", "example-consumer");
    settings.put("group.id", group);
    settings.put("isolation.level", "read_committed");
    settings.put("auto.offset.reset", "earliest");
    settings.put("enable.auto.commit", "false");
    settings.put("key.deserializer", StringDeserializer.class.getName());
    settings.put("value.deserializer", ByteArrayDeserializer.class.getName());
    return settings;
  }

  /** The registry's wire format: a zero byte, the writer's schema id, the encoding. A record prints as JSON. */
  static GenericRecord decode(byte[] value) throws IOException, InterruptedException {
    ByteBuffer head = ByteBuffer.wrap(value);
    if (value.length < 5 || head.get() != 0) throw new IOException("a body without a schema id");
    Schema schema = schema(head.getInt());
    return new GenericDatumReader<GenericRecord>(schema)
        .read(null, DecoderFactory.get().binaryDecoder(value, 5, value.length - 5, null));
  }

  static Schema schema(int id) throws IOException, InterruptedException {
    Schema known = SCHEMAS.get(id);
    if (known != null) return known;
    String registry =
        System.getenv().getOrDefault("SCHEMA_REGISTRY_URL", "http://127.0.0.1:8081/apis/ccompat/v7");
    URI uri = URI.create(registry + "/schemas/ids/" + id);
    HttpRequest request = HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(10)).build();
    HttpResponse<String> response = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
    if (response.statusCode() != 200)
      throw new IOException("the registry says " + response.statusCode() + " to " + uri);
    String text = new ObjectMapper().readTree(response.body()).get("schema").asText();
    Schema schema = new Schema.Parser().parse(text);
    SCHEMAS.put(id, schema);
    return schema;
  }
}
