/**
 * What discovery reads of each kind of API object, as the API server writes it. Everything that a controller fills in later
 * may be missing, and is null where a server in Go writes an empty list by hand.
 */
import { z } from 'zod';

const Text = z.string().max(4096);
const StringMap = z.record(z.string(), z.string()).nullish();

const Metadata = z.object({ name: Text, namespace: Text.optional(), labels: StringMap });

/** Where only the existence counts. */
export const Named = z.object({ metadata: z.object({ name: Text }) });
export type Named = z.infer<typeof Named>;

export const Namespace = z.object({
  metadata: z.object({ name: Text }),
  status: z.object({ phase: Text.optional() }).optional(),
});
export type Namespace = z.infer<typeof Namespace>;

export const Node = z.object({
  metadata: Metadata,
  status: z.object({ capacity: StringMap }).optional(),
});
export type Node = z.infer<typeof Node>;

export const Service = z.object({
  metadata: Metadata,
  spec: z
    .object({ ports: z.array(z.object({ name: Text.optional(), port: z.int().min(1).max(65_535) })).nullish() })
    .optional(),
});
export type Service = z.infer<typeof Service>;

export const Condition = z.object({
  type: Text,
  status: Text,
  reason: Text.optional(),
  message: z.string().optional(),
});
export type Condition = z.infer<typeof Condition>;
const Conditions = z.array(Condition).nullish();

export const Route = z.object({
  metadata: Metadata,
  spec: z.object({
    host: Text.optional(),
    path: Text.optional(),
    to: z.object({ name: Text }),
    tls: z.object({}).nullish(),
  }),
  status: z
    .object({ ingress: z.array(z.object({ host: Text.optional(), conditions: Conditions })).nullish() })
    .optional(),
});
export type Route = z.infer<typeof Route>;

export const Ingress = z.object({
  metadata: Metadata,
  spec: z.object({
    tls: z.array(z.object({ hosts: z.array(Text).nullish() })).nullish(),
    rules: z
      .array(
        z.object({
          host: Text.optional(),
          http: z
            .object({
              paths: z.array(
                z.object({
                  path: Text.optional(),
                  backend: z.object({ service: z.object({ name: Text }).optional() }),
                }),
              ),
            })
            .optional(),
        }),
      )
      .nullish(),
  }),
});
export type Ingress = z.infer<typeof Ingress>;

const Attributes = z.record(z.string(), z.object({ string: Text.optional() })).nullish();

/** Devices of one node, or of several, that dynamic resource allocation hands out; `basic` is the form before v1. */
export const ResourceSlice = z.object({
  spec: z.object({
    driver: Text,
    nodeName: Text.optional(),
    pool: z.object({ name: Text, generation: z.number() }),
    devices: z
      .array(
        z.object({
          name: Text,
          attributes: Attributes,
          basic: z.object({ attributes: Attributes }).nullish(),
        }),
      )
      .nullish(),
  }),
});
export type ResourceSlice = z.infer<typeof ResourceSlice>;

/** A version as it is shown; anything else is no version. */
const Version = z.string().regex(/^[\w.+-]{1,100}$/);

export const ClusterVersion = z.object({
  spec: z.object({ channel: Text.optional() }).optional(),
  status: z
    .object({
      desired: z.object({ version: Version }).optional(),
      /** Newest first. */
      history: z.array(z.object({ state: Text, version: Version.or(z.literal('')) })).nullish(),
      availableUpdates: z.array(z.object({ version: Version })).nullish(),
      conditions: Conditions,
    })
    .optional(),
});
export type ClusterVersion = z.infer<typeof ClusterVersion>;

export const ClusterOperator = z.object({
  metadata: z.object({ name: Text }),
  status: z.object({ conditions: Conditions }).optional(),
});
export type ClusterOperator = z.infer<typeof ClusterOperator>;

export const MachineConfigPool = z.object({
  metadata: z.object({ name: Text }),
  status: z
    .object({
      conditions: Conditions,
      machineCount: z.int().optional(),
      updatedMachineCount: z.int().optional(),
      degradedMachineCount: z.int().optional(),
    })
    .optional(),
});
export type MachineConfigPool = z.infer<typeof MachineConfigPool>;

/** `microshift-version` in `kube-public`. */
export const VersionMap = z.object({ data: z.object({ version: Version.optional() }).nullish() });
export type VersionMap = z.infer<typeof VersionMap>;
