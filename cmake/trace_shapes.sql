-- The traces of a file without what differs from run to run: one line a span, indented, siblings by label; runs in their order.
WITH RECURSIVE tree(trace_id, span_id, place, line) AS (
  SELECT s.trace_id, s.span_id, printf('%020d', r.start_time),
    s.label || '  ' || s.kind || iif(s.status_code = 'unset', '', ' ' || s.status_code) || '  run ' || r.status
  FROM runs r JOIN spans s ON s.run_id = r.run_id WHERE s.parent_id IS NULL
  UNION ALL
  SELECT s.trace_id, s.span_id, t.place || char(1) || s.label,
    substr(t.line, 1, length(t.line) - length(ltrim(t.line))) || '  ' || s.label || '  ' || s.kind || iif(s.status_code = 'unset', '', ' ' || s.status_code)
  FROM tree t JOIN spans s ON s.trace_id = t.trace_id AND s.parent_id = t.span_id)
SELECT line AS traces FROM tree ORDER BY place
