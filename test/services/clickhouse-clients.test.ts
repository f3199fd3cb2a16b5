/**
 * Other people's ClickHouse clients on the embedded endpoint, on their defaults: clickhouse-connect (Python) and client-v2
 * (Java). Both run every query that README.md tells the reader to run, and get what curl and our own client get.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { clickhouse_warehouse } from '../../runtime/clickhouse/warehouse.ts'
import { caught_up, Installation } from './installation.ts'
import { python_with } from './python.ts'
import { curl_calls, type Request, ROOT, request_of, sh_blocks } from './readme-blocks.ts'

const run = promisify(execFile)
const FORMAT = /\s+FORMAT\s+\w+\s*;?\s*$/i

/** What a query gave: its bytes where it names its own format, its rows where the client picks one. */
interface Answer {
  readonly text: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly unknown[])[]
}

const PYTHON = `
import json, sys, clickhouse_connect
port, user, queries = json.load(sys.stdin)
client = clickhouse_connect.get_client(host='127.0.0.1', port=port, username=user)
def answer(verbatim, without_format):
    found = client.query(without_format)
    text = client.raw_query(verbatim).decode()
    return {'text': text, 'columns': found.column_names, 'rows': [list(row) for row in found.result_rows]}
print(json.dumps([answer(*pair) for pair in queries], default=str))
`

const POM = `<project>
  <modelVersion>4.0.0</modelVersion><groupId>clients</groupId><artifactId>clients</artifactId><version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>com.clickhouse</groupId><artifactId>client-v2</artifactId><version>0.9.4</version></dependency>
    <dependency><groupId>com.fasterxml.jackson.core</groupId><artifactId>jackson-databind</artifactId><version>2.17.2</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>2.0.7</version></dependency>
  </dependencies>
  <build><plugins><plugin>
    <groupId>org.apache.maven.plugins</groupId><artifactId>maven-dependency-plugin</artifactId><version>3.6.1</version>
  </plugin></plugins></build>
</project>
`
const JAVA_HEAD = `
import com.clickhouse.client.api.Client;
import com.clickhouse.client.api.data_formats.internal.BinaryStreamReader;
import com.clickhouse.data.ClickHouseFormat;
import com.fasterxml.jackson.databind.*;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.*;
public class Clients {
  static final ObjectMapper JSON = new ObjectMapper();
  static Object plain(Object value) {
    if (value instanceof BinaryStreamReader.ArrayValue array) return plain(array.asList());
    if (value instanceof Object[] tuple) return plain(Arrays.asList(tuple));
    if (value instanceof List<?> list) return list.stream().map(Clients::plain).toList();
    if (value instanceof java.time.ZonedDateTime instant) return instant.toInstant().toString();
    return value == null || value instanceof Number || value instanceof Map ? value : value.toString();
  }
  static String text(Client client, String sql) throws Exception {
    try (var response = client.query(sql).get()) {
      return new String(response.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }
  static List<List<Object>> rows(Client client, String sql) {
    List<List<Object>> rows = new ArrayList<>();
    for (var record : client.queryAll(sql)) {
      List<Object> row = new ArrayList<>();
      for (var column : record.getSchema().getColumns()) row.add(plain(record.getObject(column.getColumnName())));
      rows.add(row);
    }
    return rows;
  }
`
const JAVA_ANSWERS = `
  public static void main(String[] arguments) throws Exception {
    JsonNode asked = JSON.readTree(System.in);
    List<Object> answers = new ArrayList<>();
    String address = "http://127.0.0.1:" + asked.get(0).asInt();
    try (Client client = new Client.Builder().addEndpoint(address).setUsername(asked.get(1).asText()).setPassword("").build()) {
      for (JsonNode pair : asked.get(2)) {
        String bare = pair.get(1).asText();
        List<String> columns = new ArrayList<>();
        for (var record : client.queryAll(bare)) {
          if (columns.isEmpty()) record.getSchema().getColumns().forEach(column -> columns.add(column.getColumnName()));
        }
        answers.add(Map.of("text", text(client, pair.get(0).asText()), "columns", columns, "rows", rows(client, bare)));
      }
    }
    System.out.println(JSON.writeValueAsString(answers));
  }
}
`
const JAVA_WAYS = `
  public static void main(String[] arguments) throws Exception {
    List<Object> said = new ArrayList<>();
    String address = "http://127.0.0.1:" + JSON.readTree(System.in).get(0).asInt();
    var builder = new Client.Builder().addEndpoint(address).setUsername("default").setPassword("").compressClientRequest(true);
    try (Client client = builder.build()) {
      client.loadServerInfo();
      said.add(List.of(client.ping(), client.getServerVersion().equals(text(client, "SELECT version() FORMAT TSV").trim())));
      client.query("CREATE TABLE written (id Int64, name String) ENGINE = MergeTree ORDER BY id").get().close();
      StringBuilder rows = new StringBuilder();
      for (int i = 0; i < 200000; i++) rows.append(i).append("\\t").append("name ").append(i % 7).append("\\n");
      byte[] bytes = rows.toString().getBytes(StandardCharsets.UTF_8);
      client.insert("written", new ByteArrayInputStream(bytes), ClickHouseFormat.TabSeparated).get().close();
      said.add(rows(client, "SELECT count(), sum(id), uniqExact(name) FROM written").get(0));
      said.add(rows(client, "SELECT id, name FROM written ORDER BY id").size());
      said.add(plain(client.queryAll("SELECT {word:String}", Map.of("word", "it's; --")).get(0).getObject(1)));
      try {
        client.queryAll("SELECT * FROM nowhere");
      } catch (Exception error) {
        said.add(String.valueOf(error.getCause() == null ? error : error.getCause()).contains("Code: 60."));
      }
    }
    System.out.println(JSON.writeValueAsString(said));
  }
}
`

let installation: Installation
let python: string
let jars: string
let requests: Request[]
const scratch = mkdtempSync(join(tmpdir(), 'tributary-clients-'))

/** A directory with the client's jars, fetched by Maven once. */
const fetch_jars = async (): Promise<string> => {
  const name = createHash('sha256').update(POM).digest('hex').slice(0, 12)
  const directory = join(ROOT, '.stack', `clients-${name}`)
  if (existsSync(join(directory, 'complete'))) return directory
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, 'pom.xml'), POM)
  const goals = ['dependency:copy-dependencies', `-DoutputDirectory=${directory}`]
  await run('mvn', ['-q', '-B', '-f', join(directory, 'pom.xml'), ...goals], { timeout: 300_000 })
  writeFileSync(join(directory, 'complete'), '')
  return directory
}

const port = () => Number(new URL(installation.clickhouse).port)

/** The program's standard output, parsed; its standard input is the port, the user and the queries. */
const ask = async (
  user: string,
  queries: readonly (readonly string[])[],
  argv: string[],
): Promise<unknown> => {
  const [program = '', ...rest] = argv
  const running = run(program, rest, { timeout: 120_000, maxBuffer: 1 << 24 })
  running.child.stdin?.end(JSON.stringify([port(), user, queries]))
  return JSON.parse((await running).stdout)
}
const java = (source: string): string[] => {
  const file = join(scratch, 'Clients.java')
  writeFileSync(file, source)
  return ['java', '-cp', join(jars, '*'), file]
}

beforeAll(async () => {
  installation = await Installation.embedded()
  const calls = (await Promise.all(sh_blocks('README.md').map(curl_calls))).flat()
  requests = calls.flatMap(call => request_of(call) ?? [])
  const started = installation.start()
  ;[python, jars] = await Promise.all([python_with('clickhouse-connect'), fetch_jars(), started])
  // What README sends, it sends: the answers have rows.
  for (const { method, url, body } of requests.filter(request => request.url.port === '8080')) {
    const headers = { 'content-type': 'application/json' }
    // A buyer's answer is taken when its decision is in the tables.
    if (url.pathname.endsWith('/buyer-feedback')) await caught_up(installation)
    const address = `${installation.http}${url.pathname}${url.search}`
    const response = await fetch(address, { method, headers, body })
    expect(response.ok, await response.text()).toBe(true)
  }
  await caught_up(installation)
  // A late log-in's credit comes with the next tick: until then the answers still change.
  const revised = () => installation.query('select event_id from conversions final where revision > 0')
  await vi.waitFor(async () => expect(await revised()).toHaveLength(1), { timeout: 60_000, interval: 200 })
  await caught_up(installation)
}, 600_000)
afterAll(async () => {
  await installation.close()
  rmSync(scratch, { recursive: true, force: true })
})

/** As README's curl and our own client get it. */
const answer_of = async (query: string): Promise<Answer> => {
  const response = await fetch(installation.clickhouse, { method: 'POST', body: query })
  const text = await response.text()
  expect(response.ok, text).toBe(true)
  const warehouse = clickhouse_warehouse({ url: installation.clickhouse })
  const rows = await warehouse.query(query.replace(FORMAT, ''))
  await warehouse.close()
  return { text, columns: Object.keys(rows[0] ?? {}), rows: rows.map(row => Object.values(row)) }
}

/** One form for what clients put differently: 64-bit integers as text, days and instants. */
const same_form = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(same_form)
  if (typeof value !== 'string') return value
  if (/^-?\d+(\.\d+)?$/.test(value)) return Number(value)
  const [, day, time] = /^(\d{4}-\d\d-\d\d)(?:[T ](.*))?$/.exec(value) ?? []
  if (day === undefined) return value
  return Date.parse(`${day}T${time ?? '00:00:00'}${/(Z|[+-]\d\d:\d\d)$/.test(time ?? '') ? '' : 'Z'}`)
}
const comparable = ({ text, columns, rows }: Answer) => ({ text, columns, rows: same_form(rows) })

describe("README's queries", () => {
  const queries = () => requests.filter(({ url }) => url.port === '8123').map(({ body }) => body)

  it('are found, and each has rows', async () => {
    expect(queries().length).toBeGreaterThanOrEqual(2)
    for (const query of queries()) expect((await answer_of(query)).rows, query).not.toEqual([])
  })

  it.each([
    ['clickhouse-connect', 'default', () => [python, '-c', PYTHON]],
    ['clickhouse-connect', 'analyst', () => [python, '-c', PYTHON]],
    ['client-v2 of Java', 'default', () => java(JAVA_HEAD + JAVA_ANSWERS)],
    ['client-v2 of Java', 'analyst', () => java(JAVA_HEAD + JAVA_ANSWERS)],
  ] as const)('%s as %s gets what curl and our own client get', async (_, user, argv) => {
    const pairs = queries().map(query => [query, query.replace(FORMAT, '')])
    const answers = (await ask(user, pairs, argv())) as Answer[]
    const wanted = await Promise.all(queries().map(answer_of))
    expect(answers.map(comparable)).toEqual(wanted.map(comparable))
  })
})

it("Java's client asks who we are, writes compressed, reads compressed, binds, and sees errors", async () => {
  const said = await ask('default', [], java(JAVA_HEAD + JAVA_WAYS))
  const count = 200_000
  const sum = (count * (count - 1)) / 2
  expect(said).toEqual([[true, true], [count, sum, 7], count, "it's; --", true])
})
