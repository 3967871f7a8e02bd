CREATE TABLE `audit` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`at_ms` integer NOT NULL,
	`act` text NOT NULL,
	`stage` text,
	`lease_id` integer,
	`actor` text NOT NULL,
	`request_id` text,
	`detail` text NOT NULL,
	`hash` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `audit_request` ON `audit` (`request_id`) WHERE request_id is not null;--> statement-breakpoint
CREATE TABLE `effect` (
	`key` text PRIMARY KEY NOT NULL,
	`stage` text NOT NULL,
	`item_id` integer NOT NULL,
	`name` text NOT NULL,
	`input_hash` text,
	`fingerprint` text NOT NULL,
	`lease_id` integer NOT NULL,
	`state` text NOT NULL,
	`calls` integer DEFAULT 1 NOT NULL,
	`external_id` text,
	`result` text,
	`cost` real,
	`reason` text,
	`intended_ms` integer NOT NULL,
	`settled_ms` integer,
	CONSTRAINT "effect_state_known" CHECK(state in ('intent','done','refused'))
);
--> statement-breakpoint
CREATE INDEX `effect_item` ON `effect` (`item_id`);--> statement-breakpoint
CREATE INDEX `effect_open` ON `effect` (`intended_ms`) WHERE state = 'intent';--> statement-breakpoint
CREATE TABLE `inference_session` (
	`lease_id` integer PRIMARY KEY NOT NULL,
	`quota` text NOT NULL,
	`stage` text NOT NULL,
	`day` integer NOT NULL,
	`reserved` real NOT NULL,
	`used` real,
	`started_ms` integer NOT NULL,
	`ended_ms` integer,
	`state` text DEFAULT 'running' NOT NULL,
	CONSTRAINT "session_state_known" CHECK(state in ('running','ended','died'))
);
--> statement-breakpoint
CREATE INDEX `session_quota` ON `inference_session` (`quota`,`ended_ms`);--> statement-breakpoint
CREATE TABLE `quota_window` (
	`name` text PRIMARY KEY NOT NULL,
	`unit` text NOT NULL,
	`per_day` real NOT NULL,
	`session_max` real,
	`break_ms` integer DEFAULT 0 NOT NULL,
	`day` integer DEFAULT 0 NOT NULL,
	`used` real DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE `service` (
	`name` text PRIMARY KEY NOT NULL,
	`down_reason` text,
	`checked_ms` integer,
	`state` text DEFAULT 'closed' NOT NULL,
	`open_until_ms` integer DEFAULT 0 NOT NULL,
	`open_reason` text,
	`probe_lease_id` integer,
	`failures` integer DEFAULT 0 NOT NULL,
	`opens` integer DEFAULT 0 NOT NULL,
	`successes_all` integer DEFAULT 0 NOT NULL,
	`failures_all` integer DEFAULT 0 NOT NULL,
	`opens_all` integer DEFAULT 0 NOT NULL,
	`changed_ms` integer DEFAULT 0 NOT NULL,
	CONSTRAINT "breaker_state_known" CHECK(state in ('closed','open'))
);
--> statement-breakpoint
CREATE TABLE `__new_task` (
	`stage` text NOT NULL,
	`item_id` integer NOT NULL,
	`state` text NOT NULL,
	`due_ms` integer NOT NULL,
	`prio` integer DEFAULT 0 NOT NULL,
	`cause` text DEFAULT 'new' NOT NULL,
	`attempt` integer DEFAULT 0 NOT NULL,
	`waits` integer DEFAULT 0 NOT NULL,
	`lost` integer DEFAULT 0 NOT NULL,
	`lease_id` integer,
	`input_hash` text,
	`output_hash` text,
	`fingerprint` text,
	`error_class` text,
	`reason` text,
	`updated_at_ms` integer NOT NULL,
	PRIMARY KEY(`stage`, `item_id`),
	CONSTRAINT "task_state_known" CHECK(state = 'ready' or state = 'leased' or state = 'submitted' or state = 'done' or state = 'skipped' or state = 'dead'),
	CONSTRAINT "lease_iff_leased" CHECK((state = 'leased') = (lease_id is not null))
) WITHOUT ROWID;
--> statement-breakpoint
INSERT INTO `__new_task`("stage", "item_id", "state", "due_ms", "prio", "attempt", "waits", "lost", "lease_id", "input_hash", "output_hash", "fingerprint", "error_class", "reason", "updated_at_ms") SELECT "stage", "item_id", "state", "due_ms", "prio", "attempt", "waits", "lost", "lease_id", "input_hash", "output_hash", "fingerprint", "error_class", "reason", "updated_at_ms" FROM `task`;--> statement-breakpoint
DROP TABLE `task`;--> statement-breakpoint
ALTER TABLE `__new_task` RENAME TO `task`;--> statement-breakpoint
CREATE INDEX `task_ready` ON `task` (`stage`,`prio`,`due_ms`,`item_id`) WHERE state = 'ready';--> statement-breakpoint
CREATE INDEX `task_leased` ON `task` (`lease_id`) WHERE state = 'leased';--> statement-breakpoint
CREATE INDEX `task_failed` ON `task` (`updated_at_ms`) WHERE state in ('dead','skipped');--> statement-breakpoint
ALTER TABLE `lease` ADD `size` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `lease` ADD `writing` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX `lease_writing` ON `lease` (`id`) WHERE writing = 1;--> statement-breakpoint
ALTER TABLE `stage_control` ADD `batch_limit` integer;--> statement-breakpoint
ALTER TABLE `stage_control` ADD `good_batches` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `stage_control` ADD `retry_tokens` real DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `stage_control` ADD `started_ms` integer;--> statement-breakpoint
ALTER TABLE `stage_control` ADD `progressed_ms` integer;--> statement-breakpoint
ALTER TABLE `stage_control` ADD `crashed_ms` integer;--> statement-breakpoint
CREATE TRIGGER task_inserted AFTER INSERT ON task BEGIN
	INSERT INTO stage_count(stage, state, n) VALUES (NEW.stage, NEW.state, 1)
		ON CONFLICT(stage, state) DO UPDATE SET n = n + 1;
END;--> statement-breakpoint
CREATE TRIGGER task_moved AFTER UPDATE OF state ON task WHEN OLD.state <> NEW.state BEGIN
	UPDATE stage_count SET n = n - 1 WHERE stage = OLD.stage AND state = OLD.state;
	UPDATE stage_count SET n = n + 1 WHERE stage = NEW.stage AND state = NEW.state;
END;--> statement-breakpoint
CREATE TRIGGER task_deleted AFTER DELETE ON task BEGIN
	UPDATE stage_count SET n = n - 1 WHERE stage = OLD.stage AND state = OLD.state;
END;--> statement-breakpoint
CREATE TRIGGER stage_counted AFTER INSERT ON stage_control BEGIN
	INSERT INTO stage_count(stage, state, n)
		SELECT NEW.stage, s.value, 0 FROM json_each('["ready","leased","submitted","done","skipped","dead"]') s WHERE true
		ON CONFLICT(stage, state) DO NOTHING;
END;--> statement-breakpoint
INSERT INTO stage_count(stage, state, n)
SELECT c.stage, s.value, 0 FROM stage_control c, json_each('["ready","leased","submitted","done","skipped","dead"]') s WHERE true
	ON CONFLICT(stage, state) DO NOTHING;--> statement-breakpoint
CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit BEGIN
	SELECT RAISE(ABORT, 'the audit is append-only');
END;--> statement-breakpoint
CREATE TRIGGER audit_kept BEFORE DELETE ON audit BEGIN
	SELECT RAISE(ABORT, 'the audit is append-only');
END;--> statement-breakpoint
UPDATE stage_control SET retry_tokens = 100;--> statement-breakpoint
INSERT INTO audit(at_ms, act, actor, detail, hash)
SELECT at_ms, 'base', 'migration', detail,
	lower(hex(sha3(json_array(at_ms, 'base', NULL, NULL, 'migration', NULL, detail), 256)))
FROM (SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) AS at_ms,
	(SELECT json_object('tasks', json_group_array(json_array(stage, item_id, state, attempt, waits, lost, lease_id, input_hash,
		output_hash))) FROM task) AS detail)
WHERE EXISTS (SELECT 1 FROM task);--> statement-breakpoint
UPDATE meta SET value = '2' WHERE key = 'engine_schema';
