import { describe, expect, it } from 'vitest';
import { nextAfterXid, xidOf } from './xid-catalogue.ts';

/** By the immediate action in NVIDIA's catalogue, read apart from the table under test. */
const RESET_GPU = [46, 62, 64, 95, 109, 110, 119, 120, 136, 140, 143, 158];
const RESTART_APP_THEN_SUPPORT = [8, 39, 40, 41, 68];
const IGNORE_THEN_SUPPORT = [38, 44, 92, 157];
const OF_THE_PROGRAM = [13, 31, 43, 69, 137];

const severitiesOf = (xids: readonly number[]) => new Set(xids.map((xid) => xidOf(xid).severity));

describe('the catalogue of XIDs', () => {
  it('calls critical what NVIDIA resets the GPU for, and says so', () => {
    expect(severitiesOf([...RESET_GPU, 48, 54, 74, 79])).toEqual(new Set(['CRITICAL']));
    for (const xid of RESET_GPU.filter((one) => one !== 110)) expect(nextAfterXid(xid)).toMatch(/reset the GPU/);
    expect(nextAfterXid(79)).toMatch(/reboot/);
    expect(nextAfterXid(110)).toMatch(/power the node off and on/);
  });

  it('drains no node for what NVIDIA restarts a program or waits', () => {
    expect(severitiesOf([...RESTART_APP_THEN_SUPPORT, ...IGNORE_THEN_SUPPORT])).toEqual(new Set(['WARNING']));
    for (const xid of [...RESTART_APP_THEN_SUPPORT, ...IGNORE_THEN_SUPPORT, 32, 63, 94, 121, ...OF_THE_PROGRAM])
      expect(nextAfterXid(xid)).not.toMatch(/Drain|reboot/);
  });

  it('calls information what is the doing of a program, and a recorded repair', () => {
    expect(severitiesOf([...OF_THE_PROGRAM, 45, 63, 121])).toEqual(new Set(['INFO']));
  });

  it('leaves to the kernel log what depends on a subcode', () => {
    for (const xid of [144, 145, 146, 147, 148, 149, 150, 154]) {
      expect(xidOf(xid).severity).toBe('WARNING');
      expect(nextAfterXid(xid)).toMatch(/XID 154/);
    }
  });

  it('knows no meaning of a number it does not have, and warns', () => {
    expect(xidOf(999)).toEqual({ xid: 999, severity: 'WARNING', meaning: null });
    expect(nextAfterXid(999)).toMatch(/catalogue/);
  });
});
