CREATE TABLE "clusters"."gpu_schedule" (
	"cluster_id" uuid PRIMARY KEY NOT NULL,
	"next_run_at" timestamp (3) with time zone NOT NULL,
	"lease_until" timestamp (3) with time zone,
	"lease_owner" uuid
);
--> statement-breakpoint
ALTER TABLE "clusters"."gpu_schedule" ADD CONSTRAINT "gpu_schedule_cluster_id_clusters_id_fk" FOREIGN KEY ("cluster_id") REFERENCES "clusters"."clusters"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "gpu_schedule_due" ON "clusters"."gpu_schedule" USING btree ("next_run_at");--> statement-breakpoint
INSERT INTO "clusters"."gpu_schedule" ("cluster_id", "next_run_at") SELECT "id", now() FROM "clusters"."clusters" WHERE "deleting_at" IS NULL;
