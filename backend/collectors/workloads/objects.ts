import { z } from 'zod';

/*
 * What diagnosis reads of Kubernetes objects (API reference v1.31); everything else is dropped as it arrives. Servers written in Go
 * send null for empty lists and maps, so both are read as empty.
 */

export const list = <T extends z.ZodType>(item: T) =>
  z
    .array(item)
    .nullish()
    .transform((items) => items ?? []);
export const map = z
  .record(z.string(), z.string())
  .nullish()
  .transform((entries) => entries ?? {});
export const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');
export const count = z
  .int()
  .nullish()
  .transform((value) => value ?? 0);
export const object = <S extends z.ZodRawShape>(shape: S) => z.object(shape);
/** An object that may be missing as a whole is read as an empty one. */
export const part = <S extends z.ZodRawShape>(shape: S) => z.preprocess((value) => value ?? {}, z.object(shape));

export const Metadata = object({
  name: z.string(),
  namespace: z.string().optional(),
  labels: map,
  generation: count,
  creationTimestamp: z.string().nullish(),
  deletionTimestamp: z.string().nullish(),
  deletionGracePeriodSeconds: z.int().nullish(),
  finalizers: list(z.string()),
  ownerReferences: list(object({ kind: z.string(), name: z.string() })),
});
const AnnotatedMetadata = Metadata.extend({ annotations: map });
const Condition = object({
  type: z.string(),
  status: z.string(),
  reason: text,
  message: text,
  lastTransitionTime: z.string().nullish(),
});
const Selector = part({
  matchLabels: map,
  matchExpressions: list(object({ key: z.string(), operator: z.string(), values: list(z.string()) })),
});
export type Selector = z.infer<typeof Selector>;

const Terminated = object({
  exitCode: count,
  reason: text,
  message: text,
  finishedAt: z.string().nullish(),
});
const State = part({
  waiting: object({ reason: text, message: text }).nullish(),
  running: object({ startedAt: z.string().nullish() }).nullish(),
  terminated: Terminated.nullish(),
});
const ContainerStatus = object({
  name: z.string(),
  ready: z.boolean().nullish(),
  restartCount: count,
  state: State,
  lastState: State,
});
const Reference = object({ name: text, optional: z.boolean().nullish() });
const Container = object({
  name: z.string(),
  image: text,
  ports: list(object({ name: text, containerPort: z.int() })),
  resources: part({ requests: map, limits: map }),
  env: list(
    object({
      name: z.string(),
      valueFrom: object({ configMapKeyRef: Reference.nullish(), secretKeyRef: Reference.nullish() }).nullish(),
    }),
  ),
  envFrom: list(object({ configMapRef: Reference.nullish(), secretRef: Reference.nullish() })),
});
const Volume = object({
  name: z.string(),
  configMap: Reference.nullish(),
  secret: object({ secretName: text, optional: z.boolean().nullish() }).nullish(),
  persistentVolumeClaim: object({ claimName: z.string() }).nullish(),
  projected: object({
    sources: list(object({ configMap: Reference.nullish(), secret: Reference.nullish() })),
  }).nullish(),
});
const PodSpec = object({
  nodeName: text,
  serviceAccountName: text,
  containers: list(Container),
  initContainers: list(Container),
  volumes: list(Volume),
  imagePullSecrets: list(Reference),
});

export const Pod = object({
  metadata: Metadata,
  spec: PodSpec,
  status: part({
    phase: text,
    reason: text,
    message: text,
    conditions: list(Condition),
    containerStatuses: list(ContainerStatus),
    initContainerStatuses: list(ContainerStatus),
  }),
});
export type Pod = z.infer<typeof Pod>;

export const Node = object({
  metadata: Metadata,
  spec: part({ unschedulable: z.boolean().nullish() }),
  status: part({ conditions: list(Condition) }),
});

export const Deployment = object({
  metadata: Metadata,
  spec: object({
    replicas: z.int().nullish(),
    paused: z.boolean().nullish(),
    selector: Selector,
    template: part({ metadata: part({ labels: map }) }),
  }),
  status: part({
    observedGeneration: count,
    replicas: count,
    readyReplicas: count,
    availableReplicas: count,
    conditions: list(Condition),
  }),
});
export const ReplicaSet = object({
  metadata: Metadata,
  spec: part({ replicas: z.int().nullish() }),
  status: part({ replicas: count, conditions: list(Condition) }),
});
export const StatefulSet = object({
  metadata: Metadata,
  spec: object({
    replicas: z.int().nullish(),
    serviceName: text,
    selector: Selector,
    volumeClaimTemplates: list(
      object({ metadata: object({ name: z.string() }), spec: part({ storageClassName: z.string().nullish() }) }),
    ),
  }),
  status: part({ readyReplicas: count, currentRevision: text, updateRevision: text, conditions: list(Condition) }),
});
export const DaemonSet = object({
  metadata: Metadata,
  spec: object({ selector: Selector }),
  status: part({ desiredNumberScheduled: count, numberReady: count, numberMisscheduled: count }),
});
export const Job = object({
  metadata: Metadata,
  spec: part({ backoffLimit: z.int().nullish(), suspend: z.boolean().nullish() }),
  status: part({ failed: count, succeeded: count, conditions: list(Condition) }),
});
export const CronJob = object({
  metadata: Metadata,
  spec: object({ schedule: text, suspend: z.boolean().nullish() }),
  status: part({ lastScheduleTime: z.string().nullish(), lastSuccessfulTime: z.string().nullish() }),
});

const PortName = z.union([z.int(), z.string()]);
export const Service = object({
  metadata: Metadata,
  spec: part({
    type: text,
    selector: map,
    externalName: text,
    ports: list(object({ name: text, port: z.int(), targetPort: PortName.nullish() })),
  }),
  status: part({ loadBalancer: part({ ingress: list(z.unknown()) }) }),
});
export const EndpointSlice = object({
  metadata: Metadata,
  endpoints: list(object({ addresses: list(z.string()), conditions: part({ ready: z.boolean().nullish() }) })),
});
const IngressBackend = object({
  service: object({ name: z.string(), port: part({ number: z.int().nullish(), name: text }) }).nullish(),
});
export const Ingress = object({
  metadata: AnnotatedMetadata,
  spec: part({
    ingressClassName: z.string().nullish(),
    defaultBackend: IngressBackend.nullish(),
    tls: list(object({ secretName: text })),
    rules: list(
      object({ host: text, http: object({ paths: list(object({ path: text, backend: IngressBackend })) }).nullish() }),
    ),
  }),
});
/** Where only the existence counts. */
export const Named = object({ metadata: object({ name: z.string(), namespace: z.string().optional() }) });
export const IngressClass = object({ metadata: AnnotatedMetadata });

export const PersistentVolumeClaim = object({
  metadata: Metadata,
  spec: part({ storageClassName: z.string().nullish(), volumeName: text }),
  status: part({ phase: text, conditions: list(Condition) }),
});
export const StorageClass = object({ metadata: AnnotatedMetadata, provisioner: text, volumeBindingMode: text });

export const HorizontalPodAutoscaler = object({
  metadata: Metadata,
  spec: object({
    scaleTargetRef: object({ apiVersion: text, kind: z.string(), name: z.string() }),
    minReplicas: z.int().nullish(),
    maxReplicas: z.int(),
  }),
  status: part({ currentReplicas: count, desiredReplicas: count, conditions: list(Condition) }),
});
export const PodDisruptionBudget = object({
  metadata: Metadata,
  spec: part({ selector: Selector.nullish(), minAvailable: PortName.nullish(), maxUnavailable: PortName.nullish() }),
  status: part({ disruptionsAllowed: count, currentHealthy: count, desiredHealthy: count, expectedPods: count }),
});
export const ResourceQuota = object({ metadata: Metadata, status: part({ hard: map, used: map }) });
export const Namespace = object({
  metadata: Metadata,
  status: part({ phase: text, conditions: list(Condition) }),
});
export const WebhookConfiguration = object({
  metadata: Metadata,
  webhooks: list(
    object({
      name: z.string(),
      failurePolicy: text,
      clientConfig: part({
        url: z.string().nullish(),
        service: object({ namespace: z.string(), name: z.string(), port: z.int().nullish() }).nullish(),
      }),
    }),
  ),
});
