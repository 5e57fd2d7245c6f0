import { z } from 'zod';

const STATUS = 'k8s.v1.cni.cncf.io/network-status';
const OLD_STATUS = 'k8s.v1.cni.cncf.io/networks-status';
const WANTED = 'k8s.v1.cni.cncf.io/networks';

const Attachment = z.object({ name: z.string(), interface: z.string().optional(), default: z.boolean().optional() });
const Selection = z.object({ name: z.string(), namespace: z.string().optional(), interface: z.string().optional() });

export interface Network {
  /** `namespace/name` of the NetworkAttachmentDefinition. */
  readonly name: string;
  readonly interface: string | undefined;
}

/**
 * The secondary networks of a pod: those that multus says it has, else those that were asked for (Network Plumbing Working Group,
 * de-facto standard 1.3). What is written in no form of it counts as none.
 */
export function networksOf(annotations: Readonly<Record<string, string>>, namespace: string): Network[] {
  const status = jsonOf(annotations[STATUS] ?? annotations[OLD_STATUS]);
  const attached = z.array(Attachment).safeParse(status);
  if (attached.success)
    return attached.data
      .filter((one) => one.default !== true)
      .map((one) => ({ name: qualified(one.name, namespace), interface: one.interface }));
  const wanted = annotations[WANTED] ?? '';
  const selections = z.array(Selection).safeParse(jsonOf(wanted));
  if (selections.success)
    return selections.data.map((one) => ({
      name: `${one.namespace ?? namespace}/${one.name}`,
      interface: one.interface,
    }));
  // The short form: `ns/name@interface, name`.
  return wanted
    .split(',')
    .map((one) => one.trim())
    .filter((one) => /^[a-z0-9.-]{1,253}(?:\/[a-z0-9.-]{1,253})?(?:@[\w.-]{1,32})?$/.test(one))
    .map((one) => {
      const [name = '', iface] = one.split('@');
      return { name: qualified(name, namespace), interface: iface };
    });
}

function qualified(name: string, namespace: string): string {
  return name.includes('/') ? name : `${namespace}/${name}`;
}

function jsonOf(text: string | undefined): unknown {
  if (text === undefined || text.length > 65_536) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
