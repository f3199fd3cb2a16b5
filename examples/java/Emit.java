import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.GenericRecordBuilder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Sends one payment to Kafka: Emit.java TENANT CUSTOMER [EVENT_ID OCCURRED_AT]. Prints where it went.
 * Whoever is not sure that it arrived sends the same again, id and instant (in ms) too: it counts once.
 */
public class Emit {
  static final String TOPIC = "payments";
  static final ObjectMapper JSON = new ObjectMapper();

  public static void main(String[] arguments) {
    if (arguments.length != 2 && arguments.length != 4) {
      System.err.println("usage: Emit.java TENANT CUSTOMER [EVENT_ID OCCURRED_AT]");
      System.exit(2);
    }
    String tenant = arguments[0];
    String customer = arguments[1];
    boolean again = arguments.length == 4;
    String event = again ? arguments[2] : UUID.randomUUID().toString();
    long instant = again ? Long.parseLong(arguments[3]) : System.currentTimeMillis();
    try (KafkaProducer<String, byte[]> producer = new KafkaProducer<>(settings())) {
      JsonNode latest = registered(TOPIC + "-value");
      Schema schema = new Schema.Parser().parse(latest.get("schema").asText());
      GenericRecord payment = payment(schema, tenant, customer, event, instant);
      byte[] value = encode(latest.get("id").asInt(), schema, payment);
      var record = new ProducerRecord<>(TOPIC, tenant + "|" + customer, value);
      RecordMetadata at = producer.send(record).get(30, TimeUnit.SECONDS);
      System.out.println(
          JSON.createObjectNode()
              .put("event_id", event)
              .put("occurred_at", instant)
              .put("partition", at.partition())
              .put("offset", at.offset()));
    } catch (Exception error) {
      System.err.println("not sent: " + error);
      System.exit(1);
    }
  }

  static Properties settings() {
    Properties settings = new Properties();
    settings.put("bootstrap.servers", System.getenv().getOrDefault("KAFKA_BROKERS", "127.0.0.1:9094"));
    settings.put("client.id", "example-emitter");
    settings.put("enable.idempotence", "true");
    settings.put("acks", "all");
    // No partitioner is set: murmur2 of the key is this client's own.
    settings.put("key.serializer", StringSerializer.class.getName());
    settings.put("value.serializer", ByteArraySerializer.class.getName());
    return settings;
  }

  /** The newest schema of a subject, with its id. */
  static JsonNode registered(String subject) throws IOException, InterruptedException {
    String registry =
        System.getenv().getOrDefault("SCHEMA_REGISTRY_URL", "http://127.0.0.1:8081/apis/ccompat/v7");
    URI uri = URI.create(registry + "/subjects/" + subject + "/versions/latest");
    HttpRequest request = HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(10)).build();
    HttpResponse<String> response =
        HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    if (response.statusCode() != 200)
      throw new IOException("the registry says " + response.statusCode() + " to " + uri);
    return JSON.readTree(response.body());
  }

  static GenericRecord payment(
      Schema schema, String tenant, String customer, String event, long instant) {
    Schema types = schema.getField("type").schema();
    return new GenericRecordBuilder(schema)
        .set("event_id", event)
        .set("tenant_id", tenant)
        .set("customer_id", customer)
        .set("occurred_at", instant)
        .set("type", new GenericData.EnumSymbol(types, "payment_succeeded"))
        // Minor units of the currency: 19.99 EUR.
        .set("amount_minor", 1999L)
        .set("currency", "EUR")
        .build();
  }

  /** The registry's wire format: a zero byte, the schema's id, the Avro encoding. */
  static byte[] encode(int id, Schema schema, GenericRecord record) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream head = new DataOutputStream(bytes);
    head.writeByte(0);
    head.writeInt(id);
    BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(bytes, null);
    new GenericDatumWriter<GenericRecord>(schema).write(record, encoder);
    encoder.flush();
    return bytes.toByteArray();
  }
}
