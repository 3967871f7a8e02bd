CREATE TABLE `error_log` (
	`id` integer PRIMARY KEY NOT NULL,
	`stage` text NOT NULL,
	`item_id` integer NOT NULL,
	`attempt` integer NOT NULL,
	`error_class` text NOT NULL,
	`message` text NOT NULL,
	`at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `error_item` ON `error_log` (`item_id`);--> statement-breakpoint
CREATE TABLE `item` (
	`id` integer PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`key` text NOT NULL,
	`parent_id` integer,
	`source` text NOT NULL,
	`content_hash` text NOT NULL,
	`created_at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `item_key` ON `item` (`kind`,`key`);--> statement-breakpoint
CREATE INDEX `item_parent` ON `item` (`parent_id`);--> statement-breakpoint
CREATE TABLE `lease` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`stage` text NOT NULL,
	`owner` text NOT NULL,
	`acquired_ms` integer NOT NULL,
	`expires_ms` integer NOT NULL,
	`state` text DEFAULT 'live' NOT NULL,
	CONSTRAINT "lease_state_known" CHECK(state in ('live','released','expired','broken'))
);
--> statement-breakpoint
CREATE INDEX `lease_live` ON `lease` (`expires_ms`) WHERE state = 'live';--> statement-breakpoint
CREATE TABLE `meta` (
	`key` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `progress_sample` (
	`id` integer PRIMARY KEY NOT NULL,
	`stage` text NOT NULL,
	`at_ms` integer NOT NULL,
	`settled` integer NOT NULL,
	`took_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `progress_stage` ON `progress_sample` (`stage`,`id`);--> statement-breakpoint
CREATE TABLE `refusal` (
	`id` integer PRIMARY KEY NOT NULL,
	`source` text NOT NULL,
	`file` text NOT NULL,
	`line` integer NOT NULL,
	`byte_offset` integer NOT NULL,
	`bytes` integer NOT NULL,
	`reason` text NOT NULL,
	`detail` text NOT NULL,
	`sha256` text NOT NULL,
	`raw` blob,
	`at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `refusal_once` ON `refusal` (`file`,`line`,`sha256`);--> statement-breakpoint
CREATE TABLE `run` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`owner` text NOT NULL,
	`started_at_ms` integer NOT NULL,
	`finished_at_ms` integer NOT NULL,
	`stage` text,
	`counts` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `stage_control` (
	`stage` text PRIMARY KEY NOT NULL,
	`position` integer NOT NULL,
	`paused` integer DEFAULT 0 NOT NULL,
	`pause_reason` text,
	`open_until_ms` integer DEFAULT 0 NOT NULL,
	`open_reason` text,
	`requested` integer DEFAULT 0 NOT NULL,
	`lost_max` integer NOT NULL,
	`fingerprint` text DEFAULT '' NOT NULL
);
--> statement-breakpoint
CREATE TABLE `stage_count` (
	`stage` text NOT NULL,
	`state` text NOT NULL,
	`n` integer NOT NULL,
	PRIMARY KEY(`stage`, `state`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `task` (
	`stage` text NOT NULL,
	`item_id` integer NOT NULL,
	`state` text NOT NULL,
	`due_ms` integer NOT NULL,
	`prio` integer DEFAULT 0 NOT NULL,
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
	CONSTRAINT "task_state_known" CHECK(state in ('ready','leased','submitted','done','skipped','dead')),
	CONSTRAINT "lease_iff_leased" CHECK((state = 'leased') = (lease_id is not null))
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `task_ready` ON `task` (`stage`,`due_ms`,`item_id`) WHERE state = 'ready';--> statement-breakpoint
CREATE INDEX `task_leased` ON `task` (`lease_id`) WHERE state = 'leased';--> statement-breakpoint
CREATE INDEX `task_failed` ON `task` (`updated_at_ms`) WHERE state in ('dead','skipped');--> statement-breakpoint
CREATE TRIGGER task_inserted AFTER INSERT ON task BEGIN
	INSERT INTO stage_count(stage, state, n) VALUES (NEW.stage, NEW.state, 1)
		ON CONFLICT(stage, state) DO UPDATE SET n = n + 1;
END;--> statement-breakpoint
CREATE TRIGGER task_moved AFTER UPDATE OF state ON task WHEN OLD.state <> NEW.state BEGIN
	UPDATE stage_count SET n = n - 1 WHERE stage = OLD.stage AND state = OLD.state;
	INSERT INTO stage_count(stage, state, n) VALUES (NEW.stage, NEW.state, 1)
		ON CONFLICT(stage, state) DO UPDATE SET n = n + 1;
END;--> statement-breakpoint
CREATE TRIGGER task_deleted AFTER DELETE ON task BEGIN
	UPDATE stage_count SET n = n - 1 WHERE stage = OLD.stage AND state = OLD.state;
END;--> statement-breakpoint
INSERT INTO meta(key, value) VALUES ('engine_schema', '1');
