CREATE SCHEMA "clusters";
--> statement-breakpoint
CREATE SCHEMA "intelligence";
--> statement-breakpoint
CREATE SCHEMA "platform";
--> statement-breakpoint
CREATE TABLE "platform"."api_tokens" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"role" text NOT NULL,
	"scope_selector" text NOT NULL,
	"secret_hash" text NOT NULL,
	"created_by" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone,
	"last_used_at" timestamp (3) with time zone,
	CONSTRAINT "api_tokens_secret_hash_unique" UNIQUE("secret_hash")
);
--> statement-breakpoint
CREATE TABLE "platform"."audit_log" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "platform"."audit_log_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"at" timestamp (3) with time zone NOT NULL,
	"principal_id" text NOT NULL,
	"door" text NOT NULL,
	"tool" text NOT NULL,
	"arguments" json NOT NULL,
	"outcome" text NOT NULL,
	"duration_ms" integer NOT NULL,
	"trace_id" text NOT NULL,
	"cluster_ids" json NOT NULL
);
--> statement-breakpoint
CREATE TABLE "intelligence"."chat_messages" (
	"session_id" uuid NOT NULL,
	"position" integer NOT NULL,
	"id" uuid NOT NULL,
	"role" text NOT NULL,
	"content" text NOT NULL,
	"persona_id" text NOT NULL,
	"tool_calls" json NOT NULL,
	"tool_results" json NOT NULL,
	"model" text,
	"complete" boolean NOT NULL,
	"tokens_used" integer,
	"latency_ms" integer,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "chat_messages_session_id_position_pk" PRIMARY KEY("session_id","position"),
	CONSTRAINT "chat_messages_id_unique" UNIQUE("id")
);
--> statement-breakpoint
CREATE TABLE "intelligence"."chat_sessions" (
	"id" uuid PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"title" text NOT NULL,
	"persona_id" text NOT NULL,
	"cluster_context" json NOT NULL,
	"model" text,
	"message_count" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "clusters"."credentials" (
	"cluster_id" uuid PRIMARY KEY NOT NULL,
	"auth_type" text NOT NULL,
	"sealed" text NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "clusters"."clusters" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"display_name" text NOT NULL,
	"api_server_url" text NOT NULL,
	"cluster_type" text NOT NULL,
	"platform" text NOT NULL,
	"platform_version" text,
	"region" text,
	"environment" text NOT NULL,
	"labels" jsonb NOT NULL,
	"endpoints" jsonb NOT NULL,
	"tls" jsonb NOT NULL,
	"state" text NOT NULL,
	"health_score" integer,
	"recent_api_checks" text DEFAULT '' NOT NULL,
	"api_server_healthy" boolean,
	"prometheus_healthy" boolean,
	"alertmanager_healthy" boolean,
	"last_error" text,
	"checked_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	"last_seen_at" timestamp (3) with time zone,
	CONSTRAINT "clusters_name_unique" UNIQUE("name")
);
--> statement-breakpoint
CREATE TABLE "platform"."evidence" (
	"id" uuid PRIMARY KEY NOT NULL,
	"owner" text NOT NULL,
	"tool" text NOT NULL,
	"content" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "clusters"."health_schedule" (
	"cluster_id" uuid PRIMARY KEY NOT NULL,
	"next_run_at" timestamp (3) with time zone NOT NULL,
	"lease_until" timestamp (3) with time zone,
	"lease_owner" uuid
);
--> statement-breakpoint
CREATE TABLE "platform"."outbox" (
	"sequence" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "platform"."outbox_sequence_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"event_id" uuid NOT NULL,
	"event_type" text NOT NULL,
	"source" text NOT NULL,
	"cluster_id" uuid,
	"cluster_name" text,
	"timestamp" timestamp (3) with time zone NOT NULL,
	"payload" json NOT NULL,
	"published_at" timestamp (3) with time zone,
	CONSTRAINT "outbox_event_id_unique" UNIQUE("event_id")
);
--> statement-breakpoint
ALTER TABLE "intelligence"."chat_messages" ADD CONSTRAINT "chat_messages_session_id_chat_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "intelligence"."chat_sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "clusters"."credentials" ADD CONSTRAINT "credentials_cluster_id_clusters_id_fk" FOREIGN KEY ("cluster_id") REFERENCES "clusters"."clusters"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "clusters"."health_schedule" ADD CONSTRAINT "health_schedule_cluster_id_clusters_id_fk" FOREIGN KEY ("cluster_id") REFERENCES "clusters"."clusters"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "audit_log_at" ON "platform"."audit_log" USING btree ("at");--> statement-breakpoint
CREATE INDEX "chat_sessions_of_user" ON "intelligence"."chat_sessions" USING btree ("user_id","updated_at");--> statement-breakpoint
CREATE INDEX "chat_sessions_expiry" ON "intelligence"."chat_sessions" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "evidence_expiry" ON "platform"."evidence" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "health_schedule_due" ON "clusters"."health_schedule" USING btree ("next_run_at");--> statement-breakpoint
CREATE INDEX "outbox_unpublished" ON "platform"."outbox" USING btree ("sequence") WHERE "platform"."outbox"."published_at" is null;