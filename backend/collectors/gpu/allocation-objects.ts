import { z } from 'zod';

/** What GPU allocation reads of API objects, as the API server writes them. */

const Text = z.string().max(4096);
const StringMap = z.record(z.string(), z.string()).nullish();

export const GpuNodeObject = z.object({
  metadata: z.object({ name: Text, labels: StringMap }),
  status: z.object({ capacity: StringMap, allocatable: StringMap }).optional(),
});
export type GpuNodeObject = z.infer<typeof GpuNodeObject>;

const Container = z.object({
  name: Text,
  resources: z.object({ requests: StringMap, limits: StringMap }).nullish(),
  restartPolicy: Text.optional(),
});

export const GpuPodObject = z.object({
  metadata: z.object({ name: Text, namespace: Text.default('') }),
  spec: z.object({
    nodeName: Text.optional(),
    containers: z.array(Container).nullish(),
    initContainers: z.array(Container).nullish(),
  }),
  status: z.object({ phase: Text.optional() }).optional(),
});
export type GpuPodObject = z.infer<typeof GpuPodObject>;

/** A claim of dynamic resource allocation: which devices it got, and which pods hold it. */
export const ResourceClaim = z.object({
  metadata: z.object({ name: Text, namespace: Text.default('') }),
  status: z
    .object({
      allocation: z
        .object({
          devices: z
            .object({
              results: z.array(z.object({ driver: Text, pool: Text, device: Text })).nullish(),
            })
            .nullish(),
        })
        .nullish(),
      reservedFor: z.array(z.object({ resource: Text.optional(), name: Text })).nullish(),
    })
    .nullish(),
});
export type ResourceClaim = z.infer<typeof ResourceClaim>;
