-- Touches of paths say which content it was. Elements are matched by name; on a table made with it nothing changes.
ALTER TABLE conversions MODIFY COLUMN touches
  Array(Tuple(event_id String, touched_at DateTime64(3, 'UTC'), channel String, campaign Nullable(String),
    content_id Nullable(String), cost_minor Int64, cost_currency String, anonymous Bool));
