CREATE TABLE `batch_item` (
	`job_key` text NOT NULL,
	`id` text NOT NULL,
	`case_id` text NOT NULL,
	`item_id` integer NOT NULL,
	`input_hash` text NOT NULL,
	`state` text DEFAULT 'waiting' NOT NULL,
	`answer` text,
	`units` real,
	`again` integer DEFAULT 0 NOT NULL,
	`reason` text,
	PRIMARY KEY(`job_key`, `id`),
	CONSTRAINT "batch_item_state_known" CHECK(state in ('waiting','answered','refused','unanswered','used','failed'))
);
--> statement-breakpoint
CREATE INDEX `batch_item_case` ON `batch_item` (`case_id`);--> statement-breakpoint
CREATE TABLE `batch_job` (
	`key` text PRIMARY KEY NOT NULL,
	`stage` text NOT NULL,
	`fingerprint` text NOT NULL,
	`service` text NOT NULL,
	`state` text NOT NULL,
	`external_id` text,
	`lease_id` integer NOT NULL,
	`items` integer NOT NULL,
	`quota` text NOT NULL,
	`units` real NOT NULL,
	`day` integer NOT NULL,
	`outcome` text,
	`reason` text,
	`intended_ms` integer NOT NULL,
	`sent_ms` integer,
	`submitted_ms` integer,
	`closed_ms` integer,
	`due_ms` integer,
	`polls` integer DEFAULT 0 NOT NULL,
	`failures` integer DEFAULT 0 NOT NULL,
	`fence` integer DEFAULT 0 NOT NULL,
	`owner` text,
	`held_until_ms` integer DEFAULT 0 NOT NULL,
	`answered` integer DEFAULT 0 NOT NULL,
	`refused` integer DEFAULT 0 NOT NULL,
	`unanswered` integer DEFAULT 0 NOT NULL,
	`ignored` integer DEFAULT 0 NOT NULL,
	CONSTRAINT "batch_job_state_known" CHECK(state in ('intent','submitted','ended','applied','abandoned')),
	CONSTRAINT "batch_job_due_iff_open" CHECK((due_ms is null) = (state in ('applied','abandoned')))
);
--> statement-breakpoint
CREATE INDEX `batch_job_due` ON `batch_job` (`due_ms`) WHERE due_ms IS NOT NULL;
--> statement-breakpoint
UPDATE meta SET value = '3' WHERE key = 'corpus_schema';
