CREATE TABLE "clusters"."discovery_schedule" (
	"cluster_id" uuid PRIMARY KEY NOT NULL,
	"next_run_at" timestamp (3) with time zone NOT NULL,
	"lease_until" timestamp (3) with time zone,
	"lease_owner" uuid
);
--> statement-breakpoint
CREATE TABLE "clusters"."health_rollups" (
	"cluster_id" uuid NOT NULL,
	"start" timestamp (3) with time zone NOT NULL,
	"checks" integer NOT NULL,
	"healthy_checks" integer NOT NULL,
	"min_score" integer NOT NULL,
	"sum_score" integer NOT NULL,
	CONSTRAINT "health_rollups_cluster_id_start_pk" PRIMARY KEY("cluster_id","start")
);
--> statement-breakpoint
CREATE TABLE "clusters"."health_transitions" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "clusters"."health_transitions_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"cluster_id" uuid NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"old_state" text NOT NULL,
	"new_state" text NOT NULL,
	"health_score" integer,
	"reason" text NOT NULL
);
--> statement-breakpoint
ALTER TABLE "clusters"."credentials" ADD COLUMN "key_version" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "clusters"."credentials" ADD COLUMN "expires_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "clusters"."credentials" ADD COLUMN "expiry_warned_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "clusters"."clusters" ADD COLUMN "tempo_healthy" boolean;--> statement-breakpoint
ALTER TABLE "clusters"."clusters" ADD COLUMN "loki_healthy" boolean;--> statement-breakpoint
ALTER TABLE "clusters"."clusters" ADD COLUMN "endpoint_options" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "clusters"."clusters" ADD COLUMN "exec_enabled" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "clusters"."clusters" ADD COLUMN "capabilities" jsonb;--> statement-breakpoint
ALTER TABLE "clusters"."clusters" ADD COLUMN "openshift" jsonb;--> statement-breakpoint
ALTER TABLE "clusters"."clusters" ADD COLUMN "maintenance_until" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "clusters"."clusters" ADD COLUMN "source" text DEFAULT 'MANUAL' NOT NULL;--> statement-breakpoint
ALTER TABLE "clusters"."clusters" ADD COLUMN "source_key" text;--> statement-breakpoint
ALTER TABLE "clusters"."clusters" ADD COLUMN "resource_version" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "clusters"."clusters" ADD COLUMN "deleting_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "clusters"."discovery_schedule" ADD CONSTRAINT "discovery_schedule_cluster_id_clusters_id_fk" FOREIGN KEY ("cluster_id") REFERENCES "clusters"."clusters"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "clusters"."health_rollups" ADD CONSTRAINT "health_rollups_cluster_id_clusters_id_fk" FOREIGN KEY ("cluster_id") REFERENCES "clusters"."clusters"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "clusters"."health_transitions" ADD CONSTRAINT "health_transitions_cluster_id_clusters_id_fk" FOREIGN KEY ("cluster_id") REFERENCES "clusters"."clusters"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "discovery_schedule_due" ON "clusters"."discovery_schedule" USING btree ("next_run_at");--> statement-breakpoint
CREATE INDEX "health_rollups_start" ON "clusters"."health_rollups" USING btree ("start");--> statement-breakpoint
CREATE INDEX "health_transitions_of_cluster" ON "clusters"."health_transitions" USING btree ("cluster_id","at");--> statement-breakpoint
CREATE INDEX "health_transitions_at" ON "clusters"."health_transitions" USING btree ("at");