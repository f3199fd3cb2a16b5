-- Users of a ClickHouse server that Tributary writes to, each with what it needs and nothing else. Run it once, as an
-- administrator (a user with access_management = 1), with the three passwords filled in:
--
--   clickhouse-client --multiquery \
--     --param_sink_password=… --param_migrator_password=… --param_analyst_password=… < deploy/clickhouse_users.sql
--
-- and start Tributary with
--
--   CLICKHOUSE_URL=https://tributary_sink@host:8443   CLICKHOUSE_PASSWORD=…   CLICKHOUSE_DATABASE=tributary
--   CLICKHOUSE_MIGRATOR_USER=tributary_migrator       CLICKHOUSE_MIGRATOR_PASSWORD=…
--
-- Every statement may be repeated; passwords of users that exist stay as they are. Another database: replace `tributary.` throughout. Where the server is a cluster, add
-- ON CLUSTER to each statement. `default` should not be reachable from the network (HOST LOCAL) afterwards.

CREATE DATABASE IF NOT EXISTS tributary;

-- Sink, HTTP API and `npm run reconcile`: inserts rows and reads tables and views. It cannot change or remove anything:
-- no ALTER, DROP, TRUNCATE, DELETE.
CREATE ROLE IF NOT EXISTS tributary_sink_role;
GRANT SELECT, INSERT ON tributary.* TO tributary_sink_role;
-- `INSERT INTO FUNCTION null(…)`, by which a row that is refused is found; table functions count as temporary tables.
-- Those that reach files or other hosts (url, file, remote, s3) need rights on sources besides, which nobody here has.
GRANT CREATE TEMPORARY TABLE ON *.* TO tributary_sink_role;

-- Migrations at a start: creates tables, adds columns, replaces views, notes which migrations have run.
CREATE ROLE IF NOT EXISTS tributary_migrator_role;
GRANT SELECT, INSERT, ALTER TABLE, CREATE TABLE, CREATE VIEW, DROP VIEW ON tributary.* TO tributary_migrator_role;
-- ClickHouse replaces a view by way of a table with such a name. (Servers that know no `*` at the end of a name, before
-- 24.10: ON tributary.*, and the migrator can then drop tables.)
GRANT DROP TABLE ON tributary._tmp_replace_* TO tributary_migrator_role;

-- People and dashboards of their own: read, within bounds, and see every row once (final), whatever their SQL says.
CREATE ROLE IF NOT EXISTS tributary_analyst_role;
GRANT SELECT, SHOW ON tributary.* TO tributary_analyst_role;

-- readonly = 1: no setting can be changed, so the bounds hold and final stays on. All but one: the driver of Grafana sends
-- the time that a query may take with each, and may ask for less than the bound.
CREATE SETTINGS PROFILE IF NOT EXISTS tributary_analyst_profile SETTINGS
  final = 1,
  max_execution_time = 60 MIN 1 MAX 60 CHANGEABLE_IN_READONLY,
  max_memory_usage = 4000000000,
  max_rows_to_read = 2000000000,
  max_result_rows = 1000000,
  max_result_bytes = 1000000000,
  result_overflow_mode = 'throw',
  max_concurrent_queries_for_user = 8,
  readonly = 1
TO tributary_analyst_role;

-- Per user, not for all analysts together.
CREATE QUOTA IF NOT EXISTS tributary_analyst_quota KEYED BY user_name
  FOR INTERVAL 1 hour MAX queries = 2000, errors = 200, read_rows = 20000000000, execution_time = 3600
TO tributary_analyst_role;

CREATE USER IF NOT EXISTS tributary_sink
  IDENTIFIED WITH sha256_password BY {sink_password:String};

CREATE USER IF NOT EXISTS tributary_migrator
  IDENTIFIED WITH sha256_password BY {migrator_password:String};

CREATE USER IF NOT EXISTS tributary_analyst
  IDENTIFIED WITH sha256_password BY {analyst_password:String};

GRANT tributary_sink_role TO tributary_sink;
GRANT tributary_migrator_role TO tributary_migrator;
GRANT tributary_analyst_role TO tributary_analyst;
