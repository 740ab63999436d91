-- The credentials that have certain words, at most so many. The planner takes any beginning of a word to be in one row of 200, and would walk a
-- million rows in order for a word that nothing has (2.7 s); here it can only ask the index of words (1 ms).
create function credentials_with_words(words text, rows_max integer) returns setof text language sql stable
  set enable_seqscan = off set enable_indexscan = off set enable_indexonlyscan = off
  as $$ select id from credentials where search @@ to_tsquery('simple', words) limit rows_max $$;
