-- What is not an admitted call: acts of people, and refusals. Few beside the calls, which pay nothing for this index, and what auditors ask for.
create index audit_entries_acts on audit_entries (at desc) where action <> 'gateway.call' or decision <> 'allowed';
