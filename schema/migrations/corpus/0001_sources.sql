CREATE TABLE `document_identity` (
	`kind` text NOT NULL,
	`value` text NOT NULL,
	`document_key` text NOT NULL,
	PRIMARY KEY(`kind`, `value`, `document_key`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `document_identity_document` ON `document_identity` (`document_key`);--> statement-breakpoint
CREATE TABLE `document_version` (
	`key` text NOT NULL,
	`version` integer NOT NULL,
	`format` text NOT NULL,
	`raw` blob NOT NULL,
	`encoding` text NOT NULL,
	`sha256` text NOT NULL,
	`retrieved_at_ms` integer NOT NULL,
	`replaced_at_ms` integer NOT NULL,
	PRIMARY KEY(`key`, `version`)
);
--> statement-breakpoint
CREATE TABLE `service_lane` (
	`service` text NOT NULL,
	`lane` integer NOT NULL,
	`busy_until_ms` integer DEFAULT 0 NOT NULL,
	`token` text,
	PRIMARY KEY(`service`, `lane`)
);
--> statement-breakpoint
CREATE TABLE `service_pace` (
	`service` text PRIMARY KEY NOT NULL,
	`next_ms` integer NOT NULL,
	`closed_until_ms` integer DEFAULT 0 NOT NULL,
	`closed_reason` text,
	`requests` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE `source` (
	`name` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`query` text NOT NULL,
	`since_day` text NOT NULL,
	`documents_max` integer,
	`every_ms` integer,
	`state` text DEFAULT 'active' NOT NULL,
	`reason` text,
	`created_ms` integer NOT NULL,
	`due_ms` integer,
	`run` integer DEFAULT 0 NOT NULL,
	`run_state` text DEFAULT 'idle' NOT NULL,
	`fence` integer DEFAULT 0 NOT NULL,
	`owner` text,
	`lease_until_ms` integer DEFAULT 0 NOT NULL,
	`entry_through` text,
	`change_through` text,
	`swept_day` text,
	`shrink_allowed_ms` integer DEFAULT 0 NOT NULL,
	`failures` integer DEFAULT 0 NOT NULL,
	`error` text,
	`started_ms` integer,
	`finished_ms` integer,
	`found` integer DEFAULT 0 NOT NULL,
	`fresh` integer DEFAULT 0 NOT NULL,
	`changed` integer DEFAULT 0 NOT NULL,
	`remarks` text DEFAULT '[]' NOT NULL
);
--> statement-breakpoint
CREATE TABLE `source_item` (
	`source` text NOT NULL,
	`key` text NOT NULL,
	`revision` text NOT NULL,
	`run` integer NOT NULL,
	`missing_run` integer,
	PRIMARY KEY(`source`, `key`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `source_item_missing` ON `source_item` (`source`) WHERE missing_run IS NOT NULL;--> statement-breakpoint
CREATE TABLE `source_window` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`source` text NOT NULL,
	`run` integer NOT NULL,
	`by` text NOT NULL,
	`from_day` text NOT NULL,
	`to_day` text NOT NULL,
	`cursor` text,
	`pages` integer DEFAULT 0 NOT NULL,
	`stated` integer,
	`received` integer DEFAULT 0 NOT NULL,
	`relisted` integer DEFAULT 0 NOT NULL,
	`state` text DEFAULT 'open' NOT NULL,
	`remark` text,
	`finished_ms` integer
);
--> statement-breakpoint
CREATE INDEX `source_window_open` ON `source_window` (`source`,`id`) WHERE state = 'open';--> statement-breakpoint
CREATE TABLE `tombstone` (
	`case_id` text PRIMARY KEY NOT NULL,
	`document_key` text NOT NULL,
	`reason` text NOT NULL,
	`at_ms` integer NOT NULL
);
--> statement-breakpoint
ALTER TABLE `document` ADD `encoding` text DEFAULT 'identity' NOT NULL;--> statement-breakpoint
ALTER TABLE `document` ADD `version` integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE `document` ADD `validators` text DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE `publication` ADD `article_type` text;--> statement-breakpoint
ALTER TABLE `publication` ADD `state` text DEFAULT 'current' NOT NULL;--> statement-breakpoint
ALTER TABLE `publication` ADD `notices` text DEFAULT '[]' NOT NULL;--> statement-breakpoint
ALTER TABLE `publication` ADD `open_access` integer;--> statement-breakpoint
ALTER TABLE `publication` ADD `full_text` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `publication` ADD `folded_into` text;--> statement-breakpoint
CREATE INDEX `publication_folded` ON `publication` (`folded_into`) WHERE folded_into IS NOT NULL;
--> statement-breakpoint
CREATE INDEX `publication_not_current` ON `publication` (`document_key`) WHERE state <> 'current';
--> statement-breakpoint
UPDATE meta SET value = '2' WHERE key = 'corpus_schema';
