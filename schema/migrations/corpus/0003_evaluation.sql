CREATE TABLE `evaluation` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`release_version` integer NOT NULL,
	`file` text NOT NULL,
	`judgements_hash` text NOT NULL,
	`questions` integer NOT NULL,
	`left_out` integer NOT NULL,
	`thresholds_version` text NOT NULL,
	`program` text NOT NULL,
	`variants` text NOT NULL,
	`at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `evaluation_release` ON `evaluation` (`release_version`);
--> statement-breakpoint
UPDATE meta SET value = '4' WHERE key = 'corpus_schema';
