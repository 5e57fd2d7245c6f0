CREATE TABLE "clusters"."alert_episodes" (
	"id" uuid PRIMARY KEY NOT NULL,
	"cluster_id" uuid NOT NULL,
	"fingerprint" text NOT NULL,
	"starts_at" timestamp (3) with time zone NOT NULL,
	"rule_fingerprint" text,
	"active_at" timestamp (3) with time zone,
	"alertname" text NOT NULL,
	"severity" text NOT NULL,
	"state" text NOT NULL,
	"namespace" text,
	"labels" json NOT NULL,
	"annotations" json NOT NULL,
	"generator_url" text,
	"sources" json NOT NULL,
	"silenced" boolean NOT NULL,
	"inhibited" boolean NOT NULL,
	"ends_at" timestamp (3) with time zone,
	"first_seen_at" timestamp (3) with time zone NOT NULL,
	"last_seen_at" timestamp (3) with time zone NOT NULL,
	"missing_since" timestamp (3) with time zone,
	"resolved_seen_at" timestamp (3) with time zone,
	"flapping" boolean NOT NULL,
	"fired_told_at" timestamp (3) with time zone,
	"resolved_told_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "clusters"."alert_schedule" (
	"cluster_id" uuid PRIMARY KEY NOT NULL,
	"next_run_at" timestamp (3) with time zone NOT NULL,
	"lease_until" timestamp (3) with time zone,
	"lease_owner" uuid,
	"switches" jsonb DEFAULT '{}'::jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "clusters"."webhook_secrets" (
	"cluster_id" uuid PRIMARY KEY NOT NULL,
	"secret_hash" text NOT NULL,
	"previous_hash" text,
	"previous_until" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone NOT NULL,
	"created_by" text NOT NULL,
	CONSTRAINT "webhook_secrets_secret_hash_unique" UNIQUE("secret_hash"),
	CONSTRAINT "webhook_secrets_previous_hash_unique" UNIQUE("previous_hash")
);
--> statement-breakpoint
ALTER TABLE "clusters"."alert_episodes" ADD CONSTRAINT "alert_episodes_cluster_id_clusters_id_fk" FOREIGN KEY ("cluster_id") REFERENCES "clusters"."clusters"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "clusters"."alert_schedule" ADD CONSTRAINT "alert_schedule_cluster_id_clusters_id_fk" FOREIGN KEY ("cluster_id") REFERENCES "clusters"."clusters"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "clusters"."webhook_secrets" ADD CONSTRAINT "webhook_secrets_cluster_id_clusters_id_fk" FOREIGN KEY ("cluster_id") REFERENCES "clusters"."clusters"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "alert_episodes_identity" ON "clusters"."alert_episodes" USING btree ("cluster_id","fingerprint","starts_at");--> statement-breakpoint
CREATE INDEX "alert_episodes_rule" ON "clusters"."alert_episodes" USING btree ("cluster_id","rule_fingerprint");--> statement-breakpoint
CREATE INDEX "alert_episodes_fingerprint" ON "clusters"."alert_episodes" USING btree ("fingerprint");--> statement-breakpoint
CREATE INDEX "alert_episodes_time" ON "clusters"."alert_episodes" USING btree ("starts_at");--> statement-breakpoint
CREATE INDEX "alert_episodes_open" ON "clusters"."alert_episodes" USING btree ("cluster_id") WHERE "clusters"."alert_episodes"."state" = 'FIRING' or ("clusters"."alert_episodes"."fired_told_at" is not null and "clusters"."alert_episodes"."resolved_told_at" is null);--> statement-breakpoint
CREATE INDEX "alert_schedule_due" ON "clusters"."alert_schedule" USING btree ("next_run_at");
--> statement-breakpoint
INSERT INTO "clusters"."alert_schedule" ("cluster_id", "next_run_at") SELECT "id", now() FROM "clusters"."clusters" WHERE "deleting_at" IS NULL;
